// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { RunKind } from '../../api/v1alpha1/kinds.ts';
import type { Origin } from '../../kube/watch/list-watch-options.ts';
import type { Sighting } from '../../tekton/children/child-identity.ts';
import { runKey } from '../../tekton/run-key.ts';
import { runDigest } from '../../tekton/children/run-digest.ts';
import { ReconcilerWorld } from '../fixtures/reconciler-world.fixture.ts';
import { childNote, type FinishObserver, finishObserver, ownNote } from './note-finishes.ts';
import { projectRun } from './delivered-run.ts';

interface DeliveryOptions {
  readonly origin?: Origin;
  readonly isPending?: boolean;
}

interface RunOptions {
  readonly uid?: string;
  /** The UID of the PipelineRun that controls it. */
  readonly of?: string;
  readonly isFinished?: boolean;
  readonly results?: readonly object[];
}

function run(kind: RunKind, name: string, { uid = name, of, isFinished = true, results = [] }: RunOptions = {}) {
  const owner = { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', name: of, uid: of, controller: true };
  return {
    apiVersion: 'tekton.dev/v1',
    kind,
    metadata: { namespace: 'team-a', name, uid, ...(of === undefined ? {} : { ownerReferences: [owner] }) },
    spec: {},
    status: {
      conditions: [{ type: 'Succeeded', status: isFinished ? 'True' : 'Unknown' }],
      completionTime: '2026-01-02T00:00:00Z',
      results,
    },
  };
}

describe('the observer of finished runs', () => {
  let world: ReconcilerWorld;
  let observer: FinishObserver;
  beforeEach(async () => {
    world = new ReconcilerWorld();
    await world.setPolicy();
    observer = finishObserver(world.context);
    deliver(run('PipelineRun', 'p', { isFinished: false }));
  });

  function delivered(object: unknown) {
    const found = projectRun(object);
    assert.ok(found !== undefined);
    return found;
  }

  function deliver(object: unknown, { origin = 'Event', isPending = false }: DeliveryOptions = {}): void {
    const found = delivered(object);
    world.existingRuns.add(runKey(found.summary));
    observer.delivered(found, origin, isPending);
  }

  function remove(object: unknown, isPending = false): void {
    const found = delivered(object);
    world.existingRuns.delete(runKey(found.summary));
    observer.removed(found.summary.uid, found, isPending);
  }

  function recall(object: ReturnType<typeof run>, parentUID = 'p'): Sighting {
    const { kind, metadata } = object;
    const digest = (): string => runDigest(object);
    return world.context.finishNotes.recall({ ...childNote(parentUID, { kind, ...metadata }), digest });
  }

  it('notes a child when it finishes, and knows it from the one that replaces it', () => {
    const child = run('TaskRun', 'a', { of: 'p' });
    deliver(run('TaskRun', 'a', { of: 'p', isFinished: false }));
    assert.equal(recall(child), 'Unseen');
    deliver(child);
    remove(child);
    const forged = run('TaskRun', 'a', { uid: 'forged', of: 'p' });
    deliver({ ...forged, status: {} });
    deliver(forged);
    assert.deepEqual([recall(child), recall(forged)], ['Seen', 'Replaced']);
  });

  it('notes a child whose end and deletion come as one event', () => {
    remove(run('TaskRun', 'a', { of: 'p' }));
    assert.equal(recall(run('TaskRun', 'a', { of: 'p' })), 'Seen');
  });

  it('notes nothing of children that go with their PipelineRun', () => {
    const child = run('TaskRun', 'a', { of: 'p' });
    deliver(child);
    remove(run('PipelineRun', 'p'));
    remove(child);
    assert.equal(world.context.finishNotes.size, 0);
  });

  it('notes a child of a list as read later', () => {
    const child = run('TaskRun', 'a', { of: 'p' });
    deliver(child, { origin: 'List' });
    assert.equal(recall(child), 'Later');
  });

  it('does not know a child by the name of one of another kind', () => {
    deliver(run('TaskRun', 'a', { of: 'p' }));
    assert.equal(recall(run('PipelineRun', 'a', { of: 'p' })), 'Unseen');
  });

  it('notes a child that is delivered before its PipelineRun', () => {
    const child = run('TaskRun', 'a', { of: 'soon' });
    deliver(child);
    deliver(run('PipelineRun', 'soon', { isFinished: false }));
    assert.equal(recall(child, 'soon'), 'Seen');
  });

  it('notes a child whose end is delivered after that of its PipelineRun, which no policy selects yet', () => {
    const child = run('TaskRun', 'a', { of: 'p' });
    deliver(run('PipelineRun', 'p'));
    deliver(child);
    deliver(run('PipelineRun', 'p'), { isPending: true });
    assert.equal(recall(child), 'Seen');
  });

  it('keeps the notes of a PipelineRun until it is recorded', () => {
    const child = run('TaskRun', 'a', { of: 'p' });
    deliver(child);
    deliver(run('PipelineRun', 'p'), { isPending: true });
    remove(run('PipelineRun', 'p'), true);
    assert.equal(recall(child), 'Seen');
    remove(run('PipelineRun', 'p'));
    observer.removed('p', undefined, false);
    assert.equal(world.context.finishNotes.size, 0);
  });

  it('keeps those of a nested PipelineRun until the outer one is recorded', () => {
    deliver(run('PipelineRun', 'inner', { of: 'p', isFinished: false }));
    const child = run('TaskRun', 'a', { of: 'inner' });
    deliver(child);
    deliver(run('PipelineRun', 'inner', { of: 'p' }));
    assert.equal(recall(child, 'inner'), 'Seen');
    observer.removed('p', undefined, false);
    assert.equal(world.context.finishNotes.size, 0);
  });

  it('notes nothing of a PipelineRun that is known and needs no record', () => {
    deliver(run('PipelineRun', 'old'));
    deliver(run('TaskRun', 'a', { of: 'old' }), { origin: 'List' });
    assert.equal(world.context.finishNotes.size, 0);
  });

  for (const spec of [{ attestation: { format: 'None' } }, { runs: { kinds: ['TaskRun'] } }]) {
    it(`notes nothing where the policy has ${JSON.stringify(spec)}`, async () => {
      await world.setPolicy(spec);
      deliver(run('TaskRun', 'a', { of: 'p' }));
      assert.equal(world.context.finishNotes.size, 0);
    });
  }

  describe('of a run that is to be recorded', () => {
    const pending = { isPending: true };
    const bake = run('TaskRun', 'bake');
    const changed = run('TaskRun', 'bake', { results: [{ name: 'IMAGE_URL', value: 'evil.example/builder' }] });
    const own = ({ metadata, ...object }: ReturnType<typeof run>): Sighting => {
      const digest = (): string => runDigest(object);
      return world.context.finishNotes.recall({ ...ownNote(metadata), digest });
    };

    it('tells whether it says what it finished with', () => {
      deliver(bake, pending);
      deliver(changed, pending);
      assert.deepEqual([own(bake), own(changed)], ['Seen', 'Changed']);
    });

    it('begins again when it runs again', () => {
      deliver(bake, pending);
      deliver(run('TaskRun', 'bake', { isFinished: false }));
      deliver(changed, pending);
      assert.equal(own(changed), 'Seen');
    });

    it('takes another run of its name for itself', () => {
      deliver(bake, pending);
      const second = run('TaskRun', 'bake', { uid: 'second', results: [{ name: 'other', value: 'x' }] });
      deliver(second, pending);
      assert.deepEqual([own(bake), own(second)], ['Seen', 'Seen']);
    });

    it('is forgotten once it is recorded, or gone without a record', () => {
      for (const isGone of [false, true]) {
        deliver(bake, pending);
        assert.equal(world.context.finishNotes.size, 1);
        if (isGone) remove(bake);
        else deliver(bake);
        assert.equal(world.context.finishNotes.size, 0);
      }
    });

    it('notes it wherever a policy selects it', async () => {
      await world.setPolicy({ attestation: { format: 'None' } });
      deliver(bake, pending);
      deliver(run('PipelineRun', 'q'), pending);
      assert.equal(world.context.finishNotes.size, 2);
    });
  });

  it('ends what it has begun, even if the policy is gone', async () => {
    await world.deletePolicy();
    deliver(run('PipelineRun', 'p'));
    remove(run('PipelineRun', 'p'));
    assert.equal(world.context.finishNotes.isNoted('p'), false);
  });
});
