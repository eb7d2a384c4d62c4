// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ByteBudgetCache } from '../../runtime/cache/byte-budget-cache.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { exponentialBackoff } from '../../runtime/queue/backoff.ts';
import { KeyedQueue } from '../../runtime/queue/keyed-queue.ts';
import { shardOf } from '../../runtime/shards/shard.ts';
import type { RunKey } from '../../tekton/run-key.ts';
import { RecordIndex } from '../memory/records/record-index.ts';
import { RunsOfOthers } from '../memory/runs/runs-of-others.ts';
import { LastStates } from './last-states.ts';
import { runEventHandler } from './run-event-handler.ts';
import { type DeliveredRun, projectRun } from './delivered-run.ts';

const KEY: RunKey = 'TaskRun/team-a/bake/u1';
const MISSING = ['team-a/bake-record'];

function given({ isOwn, isStandingBy = false }: { isOwn: boolean; isStandingBy?: boolean }) {
  const backoff = exponentialBackoff({ minMs: 1000, maxMs: 1000 });
  const queue = new KeyedQueue<RunKey>({ clock: new ManualClock(), backoff });
  const cache = new ByteBudgetCache<unknown, RunKey>(1_000_000);
  const others = new RunsOfOthers();
  const state = { isOwn, isStandingBy, missing: MISSING };
  /** True for each delivery of a run that lacks records. */
  const pending: boolean[] = [];
  const guarded: string[] = [];
  const handler = runEventHandler({
    ...{ kind: 'TaskRun', records: new RecordIndex(), cache, queue, others },
    lastStates: new LastStates({ cache, events: { record: () => undefined } }),
    owns: () => state.isOwn,
    isStandingBy: () => state.isStandingBy,
    missingRecords: () => state.missing,
    requeueRecord: () => undefined,
    finishes: {
      delivered: (_run, _origin, isPending) => pending.push(isPending),
      removed: (_uid, _last, isPending) => pending.push(isPending),
    },
    guards: {
      delivered: ({ name }) => guarded.push(`delivered ${name}`),
      removed: (key) => guarded.push(`removed ${key}`),
    },
    onSynced: () => undefined,
  });
  return { handler, queue, cache, others, pending, guarded, state };
}

function delivered(): DeliveredRun {
  const condition = { type: 'Succeeded', status: 'True', reason: 'Succeeded' };
  const time = '2026-01-02T03:04:05Z';
  const run = projectRun({
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: { namespace: 'team-a', name: 'bake', uid: 'u1', resourceVersion: '1', creationTimestamp: time },
    spec: {},
    status: { startTime: time, completionTime: time, conditions: [condition] },
  });
  assert.ok(run?.object !== undefined);
  return run;
}

describe('the event handler of runs', () => {
  it('enqueues a finished run of its own, and keeps nothing of it among the runs of others', () => {
    const { handler, queue, cache, others } = given({ isOwn: true });
    handler.upsert('team-a/bake', delivered(), 'Event');
    assert.deepEqual([queue.has(KEY), cache.size, others.size], [true, 1, 0]);
  });

  it('remembers the finished run of another replica, and keeps its object only once it is deleted', () => {
    const { handler, queue, cache, others, pending } = given({ isOwn: false });
    handler.upsert('team-a/bake', delivered(), 'Event');
    assert.deepEqual(pending, [true], 'it is noted as it finished');
    assert.deepEqual([queue.has(KEY), cache.size, others.size, others.usedBytes], [false, 0, 1, 0]);
    handler.remove('team-a/bake', delivered(), 'u1');
    assert.ok(others.usedBytes > 0);
    assert.notEqual(others.take(shardOf('team-a'))[0]?.last, undefined);
  });

  it('keeps the objects of all runs until it takes its first shard, and none that another replica changes or deletes', () => {
    const { handler, cache, others, state } = given({ isOwn: false, isStandingBy: true });
    handler.upsert('team-a/bake', delivered(), 'List');
    assert.deepEqual([cache.size, others.size], [1, 1]);
    state.isStandingBy = false;
    handler.upsert('team-a/bake', delivered(), 'Event');
    assert.deepEqual([cache.size, others.size], [0, 1]);
    state.isStandingBy = true;
    handler.upsert('team-a/bake', delivered(), 'Event');
    handler.remove('team-a/bake', delivered(), 'u1');
    assert.deepEqual([cache.size, others.size], [0, 1], 'its last state is among the runs of others');
    handler.upsert('team-a/bake', delivered(), 'List');
    handler.remove('team-a/bake', undefined, 'u1');
    assert.deepEqual([cache.size, others.size], [0, 0]);
    handler.upsert('team-a/bake', delivered(), 'List');
    state.missing = [];
    handler.upsert('team-a/bake', delivered(), 'Event');
    assert.deepEqual([cache.size, others.size], [0, 0], 'it is recorded');
  });

  it('forgets the run of another replica that went without a last state, or is recorded', () => {
    const { handler, others, state } = given({ isOwn: false });
    handler.upsert('team-a/bake', delivered(), 'List');
    handler.remove('team-a/bake', undefined, 'u1');
    assert.equal(others.size, 0);
    handler.upsert('team-a/bake', delivered(), 'List');
    state.missing = [];
    handler.remove('team-a/bake', delivered(), 'u1');
    assert.equal(others.size, 0);
  });

  it('has the deletion guard look at each run, those of other replicas too', () => {
    const { handler, guarded } = given({ isOwn: false });
    handler.upsert('team-a/bake', delivered(), 'List');
    handler.remove('team-a/bake', delivered(), 'u1');
    assert.deepEqual(guarded, ['delivered bake', `removed ${KEY}`]);
  });

  it('keeps the last state of its own deleted run until it is reconciled', () => {
    const { handler, queue, cache } = given({ isOwn: true });
    handler.remove('team-a/bake', delivered(), 'u1');
    assert.deepEqual([queue.has(KEY), cache.isIrreplaceable(KEY)], [true, true]);
  });
});
