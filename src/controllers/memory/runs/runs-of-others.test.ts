// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shardOf } from '../../../runtime/shards/shard.ts';
import type { RunKey } from '../../../tekton/run-key.ts';
import { isRunOutline } from '../../../tekton/run-outline.ts';
import { summariseRun } from '../../../tekton/run-summary.ts';
import { RunsOfOthers } from './runs-of-others.ts';

const bake: RunKey = 'TaskRun/team-a/bake/1';
const shard = shardOf('team-a');
const run = (text: string): object => ({ text: text.repeat(1000) });

/** A finished run as the watch delivered it last. */
function deleted(name: string): object {
  const time = '2026-01-01T00:00:00Z';
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: { namespace: 'team-a', name, uid: '1', resourceVersion: '1', creationTimestamp: time },
    spec: {},
    status: { completionTime: time, conditions: [{ type: 'Succeeded', status: 'True', lastTransitionTime: time }] },
  };
}

describe('the runs of others', () => {
  it('are handed over once, with the last state of those that were deleted', () => {
    const others = new RunsOfOthers();
    others.note(bake, ['team-a/bake-1']);
    const last = run('x');
    others.keep('TaskRun/team-a/gone/2', ['team-a/gone-2'], last);
    others.note('TaskRun/team-b/other/3', ['team-b/other-3']);
    assert.deepEqual(others.take(shard), [
      { key: bake, last: undefined },
      { key: 'TaskRun/team-a/gone/2', last },
    ]);
    assert.deepEqual([others.take(shard), others.size, others.usedBytes], [[], 1, 0]);
  });

  it('are forgotten once all their records are seen, and not before', () => {
    const others = new RunsOfOthers();
    others.keep(bake, ['team-a/bake-1', 'team-a/bake-2'], run('x'));
    others.recorded(bake, 'team-a/bake-1');
    assert.equal(others.size, 1);
    others.recorded(bake, 'team-a/unknown');
    others.recorded(bake, 'team-a/bake-2');
    assert.deepEqual([others.size, others.usedBytes], [0, 0]);
  });

  it('keep the last state when an older event of the run comes late', () => {
    const others = new RunsOfOthers();
    others.keep(bake, ['team-a/bake-1'], run('x'));
    others.note(bake, ['team-a/bake-1']);
    assert.notEqual(others.take(shard)[0]?.last, undefined);
  });

  it('take no more memory for last states than the budget: of the oldest, the outlines stay', () => {
    const others = new RunsOfOthers(20_000);
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const name of names)
      others.keep(`TaskRun/team-a/${name}/1` as const, [`team-a/${name}`], {
        ...deleted(name),
        ...run(name.repeat(5)),
      });
    assert.ok(others.usedBytes <= 20_000, `${others.usedBytes} bytes`);
    const left = others.take(shard);
    assert.deepEqual(
      left.map(({ last }) => summariseRun(last)?.name),
      names,
      'each can still be recorded',
    );
    const outlines = left.map(({ last }) => isRunOutline(last));
    assert.deepEqual([outlines[0], outlines.at(-1), outlines.toSorted().toReversed()], [true, false, outlines]);
  });

  it('keep no more outlines than the budget: the oldest go', () => {
    const others = new RunsOfOthers(5_000);
    const names = Array.from({ length: 100 }, (_, index) => `r${index}`);
    for (const name of names) others.keep(`TaskRun/team-a/${name}/1` as const, [`team-a/${name}`], deleted(name));
    assert.ok(others.usedBytes <= 5_000, `${others.usedBytes} bytes`);
    const left = others.take(shard).map(({ last }) => summariseRun(last)?.name);
    assert.ok(left.length > 0 && left.length < 100);
    assert.deepEqual(left, names.slice(-left.length));
  });

  it('make room for last states of the namespace that has most of them', () => {
    const others = new RunsOfOthers(5_000);
    others.keep('TaskRun/team-b/x/1', ['team-b/x'], run('x'));
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f'])
      others.keep(`TaskRun/team-a/${name}/1` as const, [`team-a/${name}`], run(name));
    const kept = others.take(shardOf('team-b')).find(({ key }) => key.includes('/team-b/'));
    assert.deepEqual([kept?.key, kept?.last], ['TaskRun/team-b/x/1', run('x')]);
  });
});
