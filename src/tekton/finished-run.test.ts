// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finishedRun, readFinishedRun } from './finished-run.ts';
import type { FinishedRunOptions } from './finished-run.ts';
import type { ReadChild, Sighting } from './children/child-identity.ts';
import { PayloadError } from './payload-error.ts';

const END = '2026-01-01T00:00:00Z';

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
    status: {
      conditions: [{ type: 'Succeeded', status: 'True' }],
      completionTime: END,
      childReferences,
      pipelineSpec: { tasks: [{ name: 'a' }, { name: 'b' }] },
    },
  };
}

function owned(uid: string) {
  return [{ apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', name: 'p', uid, controller: true }];
}

function taskRun(name: string, metadata: object = {}) {
  const own = { namespace: 'n', name, uid: `uid-${name}`, creationTimestamp: END, ownerReferences: owned('u') };
  const status = { conditions: [{ type: 'Succeeded', status: 'True' }], completionTime: END };
  return { kind: 'TaskRun', metadata: { ...own, ...metadata }, status };
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

  it('are read one by one, those of nested PipelineRuns too', () => {
    const nested = { ...pipelineRun(reference('b'), reference('c')), metadata: taskRun('q').metadata };
    const inner = ['b', 'c'].map((name) => taskRun(name, { ownerReferences: owned('uid-q') }));
    const outer = pipelineRun(reference('a'), reference('q', 'PipelineRun'));
    const objects = [taskRun('a'), nested, ...inner.map((each) => structuredClone(each))];
    const steps = readFinishedRun(outer, objects);
    let pauses = 0;
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) pauses += 1;
    assert.equal(pauses, 4);
    assert.deepEqual(step.value, finishedRun(outer, objects));
  });

  it('are controlled by it: a run of the same name is not its child', () => {
    const strangers = [
      taskRun('a', { ownerReferences: owned('other') }),
      taskRun('a', { ownerReferences: [{ ...owned('u')[0], controller: false }] }),
      taskRun('a', { ownerReferences: [], labels: { 'tekton.dev/pipelineRunUID': 'u' } }),
    ];
    for (const stranger of strangers) {
      const { children, missingChildren, replacedChildren } = finishedRun(pipelineRun(reference('a')), [stranger]);
      assert.deepEqual([children[0]?.object, children[0]?.uid, missingChildren], [undefined, undefined, []]);
      const why = 'is not controlled by PipelineRun p';
      assert.deepEqual(replacedChildren, [{ kind: 'TaskRun', name: 'a', why }]);
    }
    const elsewhere = taskRun('a', { namespace: 'other' });
    assert.deepEqual(names(pipelineRun(reference('a')), [elsewhere]), { there: [], missing: ['a'] });
  });

  it('are left out where another object took the place of one, in nested pipelines too', () => {
    const inner = {
      ...pipelineRun(reference('b')),
      metadata: { ...taskRun('inner').metadata, uid: 'i' },
    };
    const forged = taskRun('b', { ownerReferences: owned('i'), creationTimestamp: '2026-01-01T00:00:01Z' });
    const run = finishedRun(pipelineRun(reference('inner', 'PipelineRun')), [inner, forged]);
    assert.deepEqual(run.replacedChildren, [
      {
        kind: 'TaskRun',
        name: 'b',
        why: 'was created at 2026-01-01T00:00:01Z, after PipelineRun inner had completed at 2026-01-01T00:00:00Z',
      },
    ]);
  });

  it('are compared with how they were seen: each that has finished, once, under its own parent', () => {
    const sightings: Sighting[] = ['Seen', 'Later', 'Unseen', 'Replaced', 'Changed'];
    const asked: unknown[] = [];
    const recall = ({ parentUID, kind, name, uid }: ReadChild): Sighting => {
      asked.push([parentUID, kind, uid]);
      return sightings[Number(name)] ?? 'Seen';
    };
    const references = sightings.map((_, index) => reference(String(index)));
    const objects = sightings.map((_, index) => taskRun(String(index)));
    const running = { ...taskRun('running'), status: {} };
    const run = finishedRun(pipelineRun(...references, reference('running')), [...objects, running], { recall });
    assert.deepEqual(
      run.children.flatMap(({ object, reference: { name } }) => (object === undefined ? [] : name)),
      ['0', '1', '2', 'running'],
    );
    assert.deepEqual(run.laterChildren, ['1', '2']);
    assert.deepEqual(
      run.replacedChildren.map(({ name, why }) => [name, why]),
      [
        ['3', 'is not the one that was seen finishing: its UID is another'],
        ['4', 'was changed after it had finished'],
      ],
    );
    assert.deepEqual(
      asked,
      sightings.map((_, index) => ['u', 'TaskRun', `uid-${index}`]),
    );
  });

  it('are not compared in files, which prove nothing about their author', () => {
    const bare = taskRun('a', { ownerReferences: [], creationTimestamp: '2030-01-01T00:00:00Z' });
    const run = finishedRun(pipelineRun(reference('a')), [bare], { matchBy: 'Name', recall: () => 'Replaced' });
    assert.deepEqual([run.children[0]?.uid, run.replacedChildren], ['uid-a', []]);
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
      metadata: { ...taskRun('c').metadata, uid: 'c1' },
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

describe('a run that is too large', () => {
  it('is refused for more steps and sidecars than any pod has', () => {
    const read = (steps: number, sidecars: number): unknown => {
      const states = (length: number): readonly object[] => Array.from({ length }, () => ({}));
      const status = { steps: states(steps), sidecars: states(sidecars) };
      return finishedRun({ kind: 'TaskRun', metadata: { name: 't' }, status }, []);
    };
    assert.throws(() => read(1000, 25), { reason: 'PayloadTooLarge', message: /has 1025 steps and sidecars/ });
    assert.ok(read(1000, 24));
  });
});
