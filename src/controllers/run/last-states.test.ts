// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ByteBudgetCache } from '../../runtime/cache/byte-budget-cache.ts';
import { runKey, type RunKey } from '../../tekton/run-key.ts';
import { isRunOutline } from '../../tekton/run-outline.ts';
import { summariseRun } from '../../tekton/run-summary.ts';
import { LAST_STATES, LastStates } from './last-states.ts';

const TIME = '2026-01-02T03:04:05Z';
const MIB = 1024 * 1024;

function deletedRun(namespace: string, name: string, sizeBytes: number) {
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: { namespace, name, uid: `u-${name}`, labels: { app: 'shop' }, creationTimestamp: TIME },
    spec: { serviceAccountName: 'builder', managedBy: 'x.example/y' },
    status: {
      completionTime: TIME,
      conditions: [{ type: 'Succeeded', status: 'True', reason: 'Succeeded', message: 'm'.repeat(sizeBytes) }],
    },
  };
}

function given() {
  const cache = new ByteBudgetCache<unknown, RunKey>(32 * MIB, LAST_STATES);
  const events: string[] = [];
  const states = new LastStates({
    cache,
    events: { record: ({ name }, { reason }) => events.push(`${reason} ${name}`) },
  });
  const keep = (namespace: string, count: number, sizeBytes = 900_000): readonly unknown[] =>
    Array.from({ length: count }, (_, index) => {
      const name = `run-${index}`;
      const key = runKey({ kind: 'TaskRun', namespace, name, uid: `u-${name}` });
      states.keep(key, deletedRun(namespace, name, sizeBytes));
      return cache.get(key);
    });
  return { cache, events, keep };
}

describe('the last states of deleted runs', () => {
  it('are kept whole while the namespace has room, and as outlines after that', () => {
    const { keep, events } = given();
    const kept = keep('team-a', 20);
    assert.equal(kept.filter((object) => object !== undefined && !isRunOutline(object)).length, 9);
    assert.equal(kept.filter(isRunOutline).length, 11);
    assert.deepEqual(events, []);
  });

  it('have an outline from which policies select as from the run', () => {
    const { keep } = given();
    const outline = keep('team-a', 10).at(-1);
    assert.equal(isRunOutline(outline), true);
    const { status, ...rest } = deletedRun('team-a', 'run-9', 0);
    assert.deepEqual(summariseRun(outline), summariseRun({ ...rest, status }));
  });

  it('of one namespace leave room for those of others, whatever there is of them', () => {
    const { cache, keep } = given();
    for (let team = 0; team < 8; team += 1) keep(`team-${team}`, 40);
    assert.ok(cache.usedBytes < 60 * MIB, `${cache.usedBytes} bytes`);
    const [first, second] = keep('honest', 2);
    assert.deepEqual([first, second].map(isRunOutline), [false, false]);
  });

  it('are bounded, and an Event tells of a run that gets no record', () => {
    const { cache, events, keep } = given();
    const kept = keep('team-a', 40_000, 0).filter((object) => object === undefined).length;
    assert.ok(kept > 0 && cache.usedBytes <= 16 * MIB, `${kept} of ${cache.usedBytes} bytes`);
    assert.equal(events.length, kept);
    assert.match(events[0] ?? '', /^RunDeleted run-\d+$/);
  });

  it('have an outline that nothing in a run can pretend to be', () => {
    assert.equal(isRunOutline(deletedRun('team-a', 'x', 0)), false);
    assert.equal(isRunOutline(undefined), false);
  });
});
