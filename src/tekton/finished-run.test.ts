// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finishedRun } from './finished-run.ts';
import type { FinishedRunOptions } from './finished-run.ts';
import { PayloadError } from './payload-error.ts';

const reference = (name: string, kind = 'TaskRun') => ({
  apiVersion: 'tekton.dev/v1',
  kind,
  name,
  pipelineTaskName: name,
});

function pipelineRun(...childReferences: readonly object[]) {
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: { namespace: 'n', name: 'p', uid: 'u' },
    status: { childReferences, pipelineSpec: { tasks: [{ name: 'a' }, { name: 'b' }] } },
  };
}

function taskRun(name: string, metadata: object = { ownerReferences: [{ uid: 'u' }] }) {
  return { kind: 'TaskRun', metadata: { namespace: 'n', name, uid: `uid-${name}`, ...metadata } };
}

function names(run: unknown, objects: readonly unknown[], options?: FinishedRunOptions) {
  const { children, missingChildren } = finishedRun(run, objects, options);
  return {
    there: children.filter((c) => c.object !== undefined).map((c) => c.reference.name),
    missing: missingChildren,
  };
}

describe('the children of a PipelineRun', () => {
  it('come in the order of its references', () => {
    const children = names(pipelineRun(reference('b'), reference('a')), [taskRun('a'), taskRun('b')]);
    assert.deepEqual(children, { there: ['b', 'a'], missing: [] });
  });

  it('are owned by it: a run of the same name is not its child', () => {
    const strangers = [
      taskRun('a', { ownerReferences: [{ uid: 'other' }] }),
      taskRun('a', { labels: { 'tekton.dev/pipelineRunUID': 'u' } }),
      taskRun('a', { namespace: 'other', ownerReferences: [{ uid: 'u' }] }),
    ];
    assert.deepEqual(names(pipelineRun(reference('a')), strangers), { there: [], missing: ['a'] });
  });

  it('are ignored without a reference', () => {
    assert.deepEqual(names(pipelineRun(), [taskRun('a')]), { there: [], missing: [] });
  });

  it('are reported as missing when they are not given', () => {
    assert.deepEqual(names(pipelineRun(reference('a'), reference('b')), [taskRun('b')]), {
      there: ['b'],
      missing: ['a'],
    });
  });

  it('count once for several references', () => {
    assert.deepEqual(names(pipelineRun(reference('a'), reference('a')), [taskRun('a')]).there, ['a']);
  });

  it('are recorded and never missing when they are of other kinds', () => {
    const custom = {
      kind: 'CustomRun',
      metadata: { namespace: 'n', name: 'c', uid: 'c1', ownerReferences: [{ uid: 'u' }] },
    };
    const run = pipelineRun(reference('c', 'CustomRun'), reference('p2', 'PipelineRun'));
    const { children, missingChildren } = finishedRun(run, [custom]);
    assert.deepEqual(
      children.map(({ uid }) => uid),
      ['c1', undefined],
    );
    assert.deepEqual(missingChildren, []);
  });

  it('are found by name in hand-written files', () => {
    const bare = { kind: 'TaskRun', metadata: { name: 'a' } };
    assert.deepEqual(names(pipelineRun(reference('a')), [bare], { matchBy: 'Name' }), { there: ['a'], missing: [] });
    assert.deepEqual(names(pipelineRun(reference('a')), [bare]), { there: [], missing: ['a'] });
  });

  it('are found by the label of their task in hand-written files, unless they belong to another run', () => {
    const labelled = (name: string, labels: object) => ({ kind: 'TaskRun', metadata: { name, labels } });
    const objects = [
      labelled('x', { 'tekton.dev/pipelineTask': 'a' }),
      labelled('y', { 'tekton.dev/pipelineTask': 'a', 'tekton.dev/pipelineRun': 'other' }),
      labelled('z', { 'tekton.dev/pipelineTask': 'c' }),
    ];
    assert.deepEqual(names(pipelineRun(), objects, { matchBy: 'Name' }).there, ['x']);
  });

  it('make the run unreadable when they cannot be read, and are named', () => {
    const broken = { ...taskRun('a'), status: { podName: 5 } };
    assert.throws(() => finishedRun(pipelineRun(reference('a')), [broken]), {
      name: 'PayloadError',
      message: 'child TaskRun a: TaskRun.status.podName must be a string',
    });
  });
});

describe('an object that is not a run', () => {
  for (const object of [
    null,
    {},
    { kind: 'Pod' },
    { kind: 'TaskRun', apiVersion: 'tekton.dev/v1beta1' },
    { kind: 'TaskRun', spec: [] },
  ]) {
    it(`is refused: ${JSON.stringify(object)}`, () => {
      assert.throws(() => finishedRun(object, []), PayloadError);
    });
  }
});
