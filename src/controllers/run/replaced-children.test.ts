// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { RunKind } from '../../api/v1alpha1/kinds.ts';
import { unpackPayload } from '../../evidence/packed-payload.ts';
import { field, listField } from '../../json/fields.ts';
import { CONFIG_MAPS } from '../../kube/core-resources.ts';
import { KubeError } from '../../kube/kube-error.ts';
import { unreachable } from '../../kube/model-api.fixture.ts';
import { objectMetadata } from '../../kube/object-metadata.ts';
import { runResources } from '../../kube/tekton-resources.ts';
import type { Origin } from '../../kube/watch/list-watch-options.ts';
import { readRecord } from '../../records/read-record.ts';
import { ReconcilerWorld } from '../fixtures/reconciler-world.fixture.ts';
import { missingRecords } from './gather-run.ts';
import { childNoteKey } from '../child-notes/child-note-key.ts';
import { ChildNoteReconciler } from '../child-notes/child-note-reconciler.ts';
import { finishObserver } from './note-finishes.ts';
import { LastStates } from './last-states.ts';
import { runEventHandler } from './run-event-handler.ts';
import { projectRun } from './delivered-run.ts';

const START = '2026-01-02T03:00:00Z';
/** Five seconds before the clock of the world begins. */
const END = '2026-01-02T03:04:00Z';
const AFTER = '2026-01-02T03:04:01Z';
const signal = new AbortController().signal;
const noop = (): void => undefined;

function images(repository: string): readonly object[] {
  return [
    { name: 'IMAGE_URL', type: 'string', value: `registry.example/${repository}` },
    { name: 'IMAGE_DIGEST', type: 'string', value: `sha256:${'1'.repeat(64)}` },
  ];
}

function finished(results: readonly object[], completionTime = END): object {
  const condition = { type: 'Succeeded', status: 'True', reason: 'Succeeded', lastTransitionTime: completionTime };
  return { startTime: START, completionTime, conditions: [condition], results };
}

describe('a PipelineRun under deep inspection', () => {
  let world: ReconcilerWorld;
  beforeEach(async () => {
    world = new ReconcilerWorld();
    world.addStore();
    await world.setPolicy({ attestation: { deepInspection: true }, runs: { kinds: ['PipelineRun'] } });
  });

  /** Delivers an object as its watch would. */
  function deliver(kind: RunKind, object: unknown, origin: Origin = 'Event'): void {
    const projected = projectRun(object);
    assert.ok(projected !== undefined);
    handlerOf(kind).upsert(`team-a/${projected.summary.name}`, projected, origin);
  }

  function handlerOf(kind: RunKind): ReturnType<typeof runEventHandler> {
    const { context, caches, queues } = world;
    return runEventHandler({
      ...{ kind, records: context.records, cache: caches.run, queue: queues.run, others: context.runsOfOthers },
      lastStates: new LastStates({ cache: caches.run, events: { record: noop } }),
      owns: (namespace) => context.shards.owns(namespace),
      isStandingBy: () => false,
      missingRecords: (run) => missingRecords(context, run),
      finishes: finishObserver(context),
      guards: { delivered: noop, removed: noop },
      requeueRecord: noop,
      onSynced: noop,
    });
  }

  async function create(kind: RunKind, name: string, rest: object): Promise<unknown> {
    const { metadata, ...more } = { metadata: {}, ...rest };
    const object = {
      metadata: { namespace: 'team-a', name, creationTimestamp: START, ...metadata },
      spec: {},
      ...more,
    };
    return world.api.client.create(runResources[kind], object, { signal });
  }

  /** A PipelineRun that still runs. @returns its UID */
  async function startPipeline(): Promise<string> {
    const run = await create('PipelineRun', 'ship', { status: {} });
    deliver('PipelineRun', run);
    return projectRun(run)?.summary.uid ?? '';
  }

  async function createChild(pipelineUID: string, repository: string, creationTimestamp = START): Promise<unknown> {
    const owner = {
      apiVersion: 'tekton.dev/v1',
      kind: 'PipelineRun',
      name: 'ship',
      uid: pipelineUID,
      controller: true,
    };
    const labels = { 'tekton.dev/pipelineRunUID': pipelineUID };
    const metadata = { creationTimestamp, labels, ownerReferences: [owner] };
    return create('TaskRun', 'ship-bake', { metadata, status: finished(images(repository)) });
  }

  /** Records the notes of children, as their controller would. */
  async function recordNotes(): Promise<void> {
    const { context } = world;
    const notes = new ChildNoteReconciler({ context, enqueue: noop, isWatched: () => true });
    for (const parent of [...context.finishNotes.allRecorded()]) await notes.reconcile(childNoteKey(parent), signal);
  }

  /** Another process begins with what the API server has. Its watches are to deliver that. */
  async function restart(): Promise<void> {
    world = new ReconcilerWorld({ api: world.api, clock: world.clock });
    world.addStore();
    await world.readPolicy();
    for (const object of world.api.objects('pipelineruns')) deliver('PipelineRun', object, 'List');
    for (const object of world.api.objects('taskruns')) deliver('TaskRun', object, 'List');
  }

  async function replaceChild(pipelineUID: string, { isWatched = true } = {}): Promise<unknown> {
    const name = { namespace: 'team-a', name: 'ship-bake' };
    const gone = projectRun(await world.api.client.find(runResources.TaskRun, name, { signal }));
    await world.api.client.delete(runResources.TaskRun, name, { signal });
    if (isWatched) handlerOf('TaskRun').remove('team-a/ship-bake', undefined, gone?.summary.uid ?? '');
    return createChild(pipelineUID, 'evil/builder');
  }

  async function finishPipeline(): Promise<void> {
    const childReferences = [
      { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: 'ship-bake', pipelineTaskName: 'bake' },
    ];
    const status = { ...finished([]), childReferences, pipelineSpec: { tasks: [{ name: 'bake' }] } };
    const object = { metadata: { namespace: 'team-a', name: 'ship' }, status };
    deliver('PipelineRun', await world.api.client.replaceStatus(runResources.PipelineRun, object, { signal }));
    await untilDone();
  }

  /** Packing takes as long as the machine needs. */
  async function untilDone(): Promise<void> {
    const { run } = world.queues;
    for (let turn = 0; turn < 1000 && run.depth + run.processing > 0; turn += 1) await world.clock.settle();
  }

  function evidence(): { readonly payloads: string; readonly warnings: readonly string[] } {
    assert.equal(world.records.length, 1);
    const record = readRecord(world.records[0], world.context.sealKey);
    assert.ok(record?.isTrusted);
    const artifacts = record.object.evidence?.artifacts ?? [];
    assert.ok(artifacts.length > 0 && artifacts.every(({ signature }) => signature !== undefined));
    return {
      payloads: artifacts.map(({ payload }) => unpackPayload(payload).toString('utf8')).join('\n'),
      warnings: artifacts.flatMap(({ warnings = [] }) => warnings),
    };
  }

  it('is stated with the child that was seen finishing, and its notes go once it is recorded', async () => {
    const uid = await startPipeline();
    deliver('TaskRun', await createChild(uid, 'team/app'));
    await finishPipeline();
    assert.match(evidence().payloads, /registry\.example\/team\/app/);
    assert.deepEqual(
      evidence().warnings.filter((text) => text.startsWith('Child')),
      [],
    );
    assert.equal(world.context.finishNotes.size, 0);
  });

  it('is stated without a child that was replaced while it ran', async () => {
    const uid = await startPipeline();
    deliver('TaskRun', await createChild(uid, 'team/app'));
    deliver('TaskRun', await replaceChild(uid));
    await finishPipeline();
    assert.doesNotMatch(evidence().payloads, /evil/);
    assert.match(evidence().warnings[0] ?? '', /^ChildReplaced: child TaskRun ship-bake is not the one that was seen/);
  });

  it('is stated without a child that was created after its end, whatever was seen', async () => {
    const uid = await startPipeline();
    deliver('TaskRun', await createChild(uid, 'evil/builder', AFTER), 'List');
    await finishPipeline();
    assert.doesNotMatch(evidence().payloads, /evil/);
    assert.match(
      evidence().warnings[0] ?? '',
      /^ChildReplaced: child TaskRun ship-bake was created at 2026-01-02T03:04:01Z/,
    );
  });

  it('says that a child was read later when the operator did not see it finish', async () => {
    const uid = await startPipeline();
    deliver('TaskRun', await createChild(uid, 'team/app'), 'List');
    await finishPipeline();
    assert.match(evidence().payloads, /registry\.example\/team\/app/);
    assert.match(evidence().warnings[0] ?? '', /^ChildrenReadLater: .*: ship-bake$/);
  });

  it('waits for the watch of its children, which may be behind, and no longer than that may take', async () => {
    const uid = await startPipeline();
    const child = await createChild(uid, 'team/app');
    await finishPipeline();
    assert.equal(world.records.length, 0);
    deliver('TaskRun', child);
    await world.clock.advance(1000);
    await untilDone();
    assert.deepEqual(
      evidence().warnings.filter((text) => text.startsWith('Child')),
      [],
    );
  });

  it('does not wait for ever for a child that its watch never delivers', async () => {
    await createChild(await startPipeline(), 'team/app');
    await finishPipeline();
    await world.clock.advance(11_000);
    await untilDone();
    assert.match(evidence().warnings[0] ?? '', /^ChildrenReadLater: /);
  });

  describe('after a restart of the operator', () => {
    const recorded = {
      attestation: { deepInspection: true },
      runs: { kinds: ['PipelineRun'] },
      children: { notes: 'Recorded' },
    };
    beforeEach(() => world.setPolicy(recorded));

    /** The child finishes and is noted, and another takes its place while no operator runs. */
    async function replacedWhileAway(): Promise<void> {
      const uid = await startPipeline();
      deliver('TaskRun', await createChild(uid, 'team/app'));
      await recordNotes();
      await replaceChild(uid, { isWatched: false });
      await restart();
    }

    it('is stated without the child that another one finished in the place of, as the notes are recorded', async () => {
      await replacedWhileAway();
      await finishPipeline();
      assert.doesNotMatch(evidence().payloads, /evil/);
      assert.match(
        evidence().warnings[0] ?? '',
        /^ChildReplaced: child TaskRun ship-bake is not the one that was seen/,
      );
    });

    it('is stated without it, even if the watch delivers the end of the other', async () => {
      const uid = await startPipeline();
      deliver('TaskRun', await createChild(uid, 'team/app'));
      await recordNotes();
      await world.api.client.delete(runResources.TaskRun, { namespace: 'team-a', name: 'ship-bake' }, { signal });
      await restart();
      deliver('TaskRun', await createChild(uid, 'evil/builder'));
      await recordNotes();
      await finishPipeline();
      assert.doesNotMatch(evidence().payloads, /evil/);
      assert.match(
        evidence().warnings[0] ?? '',
        /^ChildReplaced: child TaskRun ship-bake is not the one that was seen/,
      );
    });

    it('is stated with the child that was left alone, without a warning', async () => {
      const uid = await startPipeline();
      deliver('TaskRun', await createChild(uid, 'team/app'));
      await recordNotes();
      await restart();
      await finishPipeline();
      assert.match(evidence().payloads, /registry\.example\/team\/app/);
      assert.deepEqual(
        evidence().warnings.filter((text) => text.startsWith('Child')),
        [],
      );
    });

    it('warns of a child whose notes are gone, and of one that finished while no operator ran', async () => {
      const uid = await startPipeline();
      deliver('TaskRun', await createChild(uid, 'team/app'));
      await recordNotes();
      for (const object of world.api.objects('configmaps')) {
        const { name = '', namespace } = objectMetadata(object) ?? {};
        await world.api.client.delete(CONFIG_MAPS, { name, namespace }, { signal });
      }
      await restart();
      await finishPipeline();
      assert.match(evidence().warnings[0] ?? '', /^ChildrenReadLater: .*: ship-bake$/);
    });

    it('is not signed with such a child where the policy refuses it', async () => {
      await world.setPolicy({ ...recorded, children: { notes: 'Recorded', onMissing: 'Refuse' } });
      const uid = await startPipeline();
      await createChild(uid, 'team/app');
      await restart();
      await finishPipeline();
      const [record] = world.records;
      const artifacts = listField(field(record, 'evidence'), 'artifacts');
      assert.deepEqual(
        artifacts.map((artifact) => field(artifact, 'signature')),
        [undefined],
      );
      assert.equal(world.signatures, 0);
    });

    it('is recorded with what the operator saw itself where it may not read the notes', async () => {
      await replacedWhileAway();
      world.api.intercept = ({ resource }, serve) => {
        if (resource === 'configmaps') throw new KubeError({ status: 403, reason: 'Forbidden', message: 'no' });
        return serve();
      };
      await finishPipeline();
      assert.match(evidence().warnings[0] ?? '', /^ChildrenReadLater: /);
    });

    it('waits until the notes can be read', async () => {
      await replacedWhileAway();
      world.api.intercept = ({ resource }, serve) => {
        if (resource === 'configmaps') throw unreachable();
        return serve();
      };
      await finishPipeline();
      assert.equal(world.records.length, 0);
      world.api.intercept = (_request, serve) => serve();
      await world.clock.advance(300_000);
      await untilDone();
      assert.match(evidence().warnings[0] ?? '', /^ChildReplaced: /);
    });
  });
});
