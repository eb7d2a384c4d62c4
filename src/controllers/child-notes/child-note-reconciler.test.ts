// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { field, objectField, stringMapField } from '../../json/fields.ts';
import { CONFIG_MAPS } from '../../kube/core-resources.ts';
import { KubeError } from '../../kube/kube-error.ts';
import { unreachable } from '../../kube/model-api.fixture.ts';
import { SecretValue } from '../../runtime/secret-value.ts';
import type { RunKind } from '../../api/v1alpha1/kinds.ts';
import { runDigest } from '../../tekton/children/run-digest.ts';
import { shardOf } from '../../runtime/shards/shard.ts';
import { ReconcilerWorld, type WorldOptions } from '../fixtures/reconciler-world.fixture.ts';
import { projectRun } from '../run/delivered-run.ts';
import { type FinishObserver, finishObserver } from '../run/note-finishes.ts';
import { type ChildNoteKey, childNoteKey, LEFT_BEHIND } from './child-note-key.ts';
import { ChildNoteReconciler } from './child-note-reconciler.ts';

const signal = new AbortController().signal;
const recorded = { children: { notes: 'Recorded' } };
const CREATE = 'create configmaps';
const PATCH = 'patch configmaps';
const DELETE = 'delete configmaps';

interface RunOptions {
  readonly uid?: string;
  readonly of?: string;
  readonly isFinished?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
}

function run(kind: RunKind, name: string, { uid = name, of, isFinished = true, labels = {} }: RunOptions = {}) {
  const owner = { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', name: of, uid: of, controller: true };
  return {
    apiVersion: 'tekton.dev/v1',
    kind,
    metadata: { namespace: 'team-a', name, uid, labels, ...(of === undefined ? {} : { ownerReferences: [owner] }) },
    spec: {},
    status: {
      conditions: [{ type: 'Succeeded', status: isFinished ? 'True' : 'Unknown' }],
      completionTime: '2026-01-02T00:00:00Z',
    },
  };
}

/** The part of the operator that notes children and records the notes, on the model API server. */
class NotesWorld extends ReconcilerWorld {
  readonly queued = new Set<ChildNoteKey>();
  /** The keys that wait for long. */
  readonly later = new Set<ChildNoteKey>();
  readonly observer: FinishObserver = finishObserver(this.context);
  readonly #reconciler = new ChildNoteReconciler({
    context: this.context,
    enqueue: (key) => this.queued.add(key),
    isWatched: (namespace) => namespace !== 'unwatched',
  });

  constructor(options: ConstructorParameters<typeof ReconcilerWorld>[0] = {}) {
    super(options);
    this.context.finishNotes.onRecording((parent) => this.queued.add(childNoteKey(parent)));
  }

  deliver(object: unknown, { isPending = false } = {}): void {
    const delivered = projectRun(object);
    assert.ok(delivered !== undefined);
    this.observer.delivered(delivered, 'Event', isPending);
  }

  /** Reconciles all that is enqueued, and returns what it came to. */
  async reconcile(): Promise<void> {
    for (let [key] = this.queued; key !== undefined; [key] = this.queued) {
      this.queued.delete(key);
      const { requeueAfterSeconds } = await this.#reconciler.reconcile(key, signal);
      if (requeueAfterSeconds !== undefined) (requeueAfterSeconds < 60 ? this.queued : this.later).add(key);
    }
  }

  get configMaps(): readonly unknown[] {
    return this.api.objects('configmaps');
  }

  /** The names of the recorded notes of the only PipelineRun. */
  get names(): readonly string[] {
    assert.equal(this.configMaps.length, 1);
    return Object.keys(stringMapField(this.configMaps[0], 'data')).sort();
  }

  /** Another process begins with what the API server has. */
  async restarted(keys: Pick<WorldOptions, 'sealKey' | 'previousSealKey'> = {}): Promise<NotesWorld> {
    const next = new NotesWorld({ api: this.api, clock: this.clock, ...keys });
    await next.readPolicy();
    return next;
  }
}

describe('the notes of the children of a PipelineRun whose policy asks for them', () => {
  let world: NotesWorld;
  beforeEach(async () => {
    world = new NotesWorld();
    await world.setPolicy(recorded);
    world.deliver(run('PipelineRun', 'p', { isFinished: false }));
  });

  it('are one ConfigMap in the namespace of the operator, with one write for each child', async () => {
    await world.reconcile();
    assert.equal(world.configMaps.length, 0);
    world.deliver(run('TaskRun', 'a', { of: 'p' }));
    await world.reconcile();
    world.deliver(run('TaskRun', 'b', { of: 'p' }));
    await world.reconcile();
    assert.deepEqual(world.names, ['a', 'b']);
    const { namespace, name, labels } = objectField(world.configMaps[0], 'metadata');
    assert.deepEqual([namespace, name], ['hallmark-system', 'hallmark-children-p']);
    assert.equal(field(labels, 'hallmark.dev/namespace'), 'team-a');
    assert.deepEqual([world.api.count(CREATE), world.api.count(PATCH)], [1, 1]);
  });

  it('of children that finish together are written together', async () => {
    for (const name of ['a', 'b', 'c']) world.deliver(run('TaskRun', name, { of: 'p' }));
    await world.reconcile();
    assert.deepEqual(world.names, ['a', 'b', 'c']);
    assert.deepEqual([world.api.count(CREATE), world.api.count(PATCH)], [1, 0]);
  });

  it('include those of a nested PipelineRun, in one of its own', async () => {
    world.deliver(run('PipelineRun', 'inner', { of: 'p', isFinished: false }));
    world.deliver(run('TaskRun', 'a', { of: 'inner' }));
    world.deliver(run('PipelineRun', 'inner', { of: 'p' }));
    await world.reconcile();
    const names = world.configMaps.map((object) => Object.keys(stringMapField(object, 'data')));
    assert.deepEqual(names.flat().sort(), ['PipelineRun_inner', 'a']);
    world.observer.removed('p', undefined, false);
    await world.reconcile();
    assert.equal(world.configMaps.length, 0);
  });

  it('go once the PipelineRun is recorded', async () => {
    world.deliver(run('TaskRun', 'a', { of: 'p' }));
    world.deliver(run('PipelineRun', 'p'), { isPending: true });
    await world.reconcile();
    assert.deepEqual(world.names, ['a']);
    world.context.finishNotes.forget('p');
    await world.reconcile();
    assert.equal(world.configMaps.length, 0);
  });

  it('go once no policy asks for them', async () => {
    world.deliver(run('TaskRun', 'a', { of: 'p' }));
    await world.reconcile();
    await world.setPolicy({});
    world.deliver(run('PipelineRun', 'p', { isFinished: false }));
    await world.reconcile();
    assert.equal(world.configMaps.length, 0);
  });

  it('are taken up by the next process, which adds its own', async () => {
    world.deliver(run('TaskRun', 'a', { of: 'p' }));
    await world.reconcile();
    const next = await world.restarted();
    next.deliver(run('PipelineRun', 'p', { isFinished: false }));
    next.deliver(run('TaskRun', 'a', { of: 'p', uid: 'forged' }));
    next.deliver(run('TaskRun', 'b', { of: 'p' }));
    await next.reconcile();
    assert.deepEqual(next.names, ['a', 'b']);
    const sighting = (uid: string) =>
      next.context.finishNotes.recall({ parentUID: 'p', key: 'a', uid, digest: () => '' });
    assert.deepEqual(
      [sighting('forged'), next.context.finishNotes.recorded('p')?.notes.get('a')?.uid],
      ['Replaced', 'a'],
    );
  });

  it('stay as another replica recorded them, when this one works again on a shard that it had lost', async () => {
    world.deliver(run('TaskRun', 'a', { of: 'p' }));
    await world.reconcile();
    const other = await world.restarted();
    other.deliver(run('PipelineRun', 'p', { isFinished: false }));
    other.deliver(run('TaskRun', 'b', { of: 'p' }));
    await other.reconcile();
    world.deliver(run('TaskRun', 'b', { of: 'p', uid: 'forged' }));
    world.context.finishNotes.readAgain((namespace) => namespace === 'team-a');
    await world.reconcile();
    const entries = stringMapField(world.configMaps[0], 'data');
    assert.deepEqual([world.names, entries['b']?.split(' ')[0]], [['a', 'b'], 'b']);
    const forged = { parentUID: 'p', key: 'b', uid: 'forged', digest: () => '' };
    assert.equal(world.context.finishNotes.recall(forged), 'Replaced');
  });

  it('count for neither of two runs under one name that two replicas saw finish, whichever came later', async () => {
    world.api.intercept = ({ resource, verb }, serve) => {
      if (resource === 'configmaps' && verb !== 'get') throw unreachable();
      return serve();
    };
    // This replica sees the first one finish, and cannot record it.
    world.deliver(run('TaskRun', 'a', { of: 'p', uid: 'first' }));
    await assert.rejects(world.reconcile());
    world.api.intercept = (_request, serve) => serve();
    const other = await world.restarted();
    other.deliver(run('PipelineRun', 'p', { isFinished: false }));
    const later = run('TaskRun', 'a', { of: 'p', uid: 'later' });
    other.deliver(later);
    await other.reconcile();
    const sighting = ({ context }: NotesWorld, uid: string) =>
      context.finishNotes.recall({ parentUID: 'p', key: 'a', uid, digest: () => runDigest(later) });
    assert.equal(sighting(other, 'later'), 'Seen', 'nothing of the first one is known there');
    world.context.finishNotes.readAgain((namespace) => namespace === 'team-a');
    world.queued.add(childNoteKey({ namespace: 'team-a', uid: 'p' }));
    await world.reconcile();
    assert.deepEqual([sighting(world, 'first'), sighting(world, 'later')], ['Replaced', 'Replaced']);
    other.context.finishNotes.readAgain((namespace) => namespace === 'team-a');
    other.queued.add(childNoteKey({ namespace: 'team-a', uid: 'p' }));
    await other.reconcile();
    const next = await world.restarted();
    next.deliver(run('PipelineRun', 'p', { isFinished: false }));
    await next.reconcile();
    assert.equal(sighting(next, 'later'), 'Replaced', 'it is recorded, for the replicas that come');
  });

  it('are sealed again after a rotation of the key, so that they outlive the earlier one', async () => {
    for (const name of ['a', 'b']) world.deliver(run('TaskRun', name, { of: 'p' }));
    await world.reconcile();
    const sealKey = new SecretValue(Buffer.alloc(32, 2));
    const rotated = await world.restarted({ sealKey, previousSealKey: world.context.sealKey });
    rotated.deliver(run('PipelineRun', 'p', { isFinished: false }));
    rotated.deliver(run('TaskRun', 'b', { of: 'p', isFinished: false }));
    await rotated.reconcile();
    assert.deepEqual(rotated.names, ['a']);
    const patches = rotated.api.count(PATCH);
    const next = await world.restarted({ sealKey });
    next.deliver(run('PipelineRun', 'p', { isFinished: false }));
    await next.reconcile();
    assert.equal(next.context.finishNotes.recorded('p')?.notes.get('a')?.uid, 'a');
    assert.equal(next.api.count(PATCH), patches, 'those of the key in force are not written again');
  });

  it('give way to what this process saw of a child that ran again', async () => {
    world.deliver(run('TaskRun', 'a', { of: 'p' }));
    await world.reconcile();
    const next = await world.restarted();
    next.deliver(run('PipelineRun', 'p', { isFinished: false }));
    next.deliver(run('TaskRun', 'a', { of: 'p', isFinished: false }));
    await next.reconcile();
    assert.deepEqual(next.names, []);
    next.deliver(run('TaskRun', 'a', { of: 'p' }));
    await next.reconcile();
    assert.deepEqual(next.names, ['a']);
  });

  it('are removed of a child that Tekton takes up again', async () => {
    world.deliver(run('TaskRun', 'a', { of: 'p' }));
    world.deliver(run('TaskRun', 'b', { of: 'p' }));
    await world.reconcile();
    world.deliver(run('TaskRun', 'a', { of: 'p', isFinished: false }));
    await world.reconcile();
    assert.deepEqual(world.names, ['b']);
  });

  it('are written again when another client removed them', async () => {
    world.deliver(run('TaskRun', 'a', { of: 'p' }));
    await world.reconcile();
    await world.api.client.delete(
      CONFIG_MAPS,
      { namespace: 'hallmark-system', name: 'hallmark-children-p' },
      { signal },
    );
    world.deliver(run('TaskRun', 'b', { of: 'p' }));
    await world.reconcile();
    assert.deepEqual(world.names, ['a', 'b']);
  });

  it('stand beside what another client wrote there, which counts for nothing', async () => {
    const metadata = { namespace: 'hallmark-system', name: 'hallmark-children-p' };
    const data = { a: `forged ${'A'.repeat(22)}== Seen c2VhbA==` };
    await world.api.client.create(CONFIG_MAPS, Object.assign({ metadata }, { data }), { signal });
    world.deliver(run('TaskRun', 'b', { of: 'p' }));
    await world.reconcile();
    assert.equal(world.context.finishNotes.recorded('p')?.notes.get('a'), undefined);
    world.deliver(run('TaskRun', 'a', { of: 'p' }));
    await world.reconcile();
    assert.match(stringMapField(world.configMaps[0], 'data')['a'] ?? '', /^a /);
  });

  it('that were left behind go, and no others', async () => {
    const labels = { 'hallmark.dev/notes': 'children' };
    const left = [
      ['hallmark-children-gone', 'team-a'],
      ['hallmark-children-elsewhere', 'unwatched'],
      ['hallmark-children-other', 'team-of-other'],
      ['settings', 'team-a'],
    ] as const;
    for (const [name, namespace] of left) {
      const metadata = {
        namespace: 'hallmark-system',
        name,
        labels: { ...labels, 'hallmark.dev/namespace': namespace },
      };
      await world.api.client.create(CONFIG_MAPS, { metadata }, { signal });
    }
    world.context.shards.drop(shardOf('team-of-other'));
    assert.notEqual(shardOf('team-of-other'), shardOf('team-a'));
    world.deliver(run('TaskRun', 'a', { of: 'p' }));
    await world.reconcile();
    const names = world.configMaps.map((object) => field(objectField(object, 'metadata'), 'name'));
    assert.deepEqual(names.sort(), [
      'hallmark-children-elsewhere',
      'hallmark-children-other',
      'hallmark-children-p',
      'settings',
    ]);
  });

  it('are no more than a ConfigMap takes', async () => {
    const tail = 'x'.repeat(240);
    for (let index = 0; index < 3000; index += 1)
      world.deliver(run('TaskRun', `t${index}-${tail}`, { of: 'p', uid: `${index}` }));
    world.deliver(run('TaskRun', 'n'.repeat(254), { of: 'p' }));
    await world.reconcile();
    const bytes = JSON.stringify(field(world.configMaps[0], 'data')).length;
    assert.ok(bytes > 800_000 && bytes < 1024 * 1024, `${bytes} bytes`);
  });

  it('cost a refused operator nothing but a message, until it is granted them', async () => {
    const { childNotes } = world.context;
    let changes = 0;
    childNotes.onProblem(() => (changes += 1));
    world.api.intercept = ({ resource }, serve) => {
      if (resource === 'configmaps') throw new KubeError({ status: 403, reason: 'Forbidden', message: 'no' });
      return serve();
    };
    world.deliver(run('TaskRun', 'a', { of: 'p' }));
    await world.reconcile();
    assert.deepEqual([...world.later].toSorted(), [LEFT_BEHIND, 'team-a/p'].toSorted());
    assert.match(
      childNotes.problem ?? '',
      /in memory only, as the operator may not record them: .*set rbac\.recordNotes in .*docs\/security\.md/,
    );
    world.api.intercept = (_request, serve) => serve();
    world.deliver(run('TaskRun', 'b', { of: 'p' }));
    await world.reconcile();
    assert.deepEqual([world.names, childNotes.problem, changes], [['a', 'b'], undefined, 2]);
  });

  it('that an operator may create and not read are not tried again at once', async () => {
    const metadata = { namespace: 'hallmark-system', name: 'hallmark-children-p' };
    await world.api.client.create(CONFIG_MAPS, { metadata }, { signal });
    let creations = 0;
    world.api.intercept = ({ resource, verb }, serve) => {
      if (resource !== 'configmaps') return serve();
      if (verb === 'get') throw new KubeError({ status: 403, reason: 'Forbidden', message: 'no' });
      if (verb === 'create') creations += 1;
      assert.ok(creations < 5);
      return serve();
    };
    world.deliver(run('TaskRun', 'a', { of: 'p' }));
    await world.reconcile();
    assert.deepEqual([creations, [...world.later]], [1, ['team-a/p']]);
  });

  it('that an operator may create and not read are said to be in memory only, once', async () => {
    const { childNotes } = world.context;
    let changes = 0;
    childNotes.onProblem(() => (changes += 1));
    world.api.intercept = ({ resource, verb }, serve) => {
      if (resource === 'configmaps' && verb === 'get')
        throw new KubeError({ status: 403, reason: 'Forbidden', message: 'no' });
      return serve();
    };
    for (const name of ['a', 'b', 'c']) {
      world.deliver(run('TaskRun', name, { of: 'p' }));
      await world.reconcile();
    }
    assert.match(childNotes.problem ?? '', /in memory only/);
    assert.equal(changes, 1);
    world.api.intercept = (_request, serve) => serve();
    world.deliver(run('PipelineRun', 'q', { isFinished: false }));
    world.deliver(run('TaskRun', 'd', { of: 'q' }));
    await world.reconcile();
    assert.deepEqual([childNotes.problem, changes], [undefined, 2]);
  });

  it('cost a refused operator one request once the PipelineRun has ended', async () => {
    let removals = 0;
    world.api.intercept = ({ resource, verb }, serve) => {
      if (resource !== 'configmaps') return serve();
      if (verb === 'delete') removals += 1;
      throw new KubeError({ status: 403, reason: 'Forbidden', message: 'no' });
    };
    world.deliver(run('TaskRun', 'a', { of: 'p' }));
    await world.reconcile();
    world.later.clear();
    world.observer.removed('p', undefined, false);
    await world.reconcile();
    assert.deepEqual([removals, [...world.later]], [1, []]);
    assert.match(world.context.childNotes.problem ?? '', /in memory only/);
  });

  it('that a refused operator may not list are looked for much later, and the policies say so until then', async () => {
    world.api.intercept = ({ resource, verb }, serve) => {
      if (resource === 'configmaps' && verb === 'list')
        throw new KubeError({ status: 403, reason: 'Forbidden', message: 'no' });
      return serve();
    };
    world.deliver(run('TaskRun', 'a', { of: 'p' }));
    await world.reconcile();
    assert.deepEqual([world.names, [...world.later]], [['a'], [LEFT_BEHIND]]);
    assert.match(world.context.childNotes.problem ?? '', /in memory only/);
    world.api.intercept = (_request, serve) => serve();
    world.deliver(run('TaskRun', 'b', { of: 'p' }));
    await world.reconcile();
    assert.equal(world.context.childNotes.problem, undefined, 'each child has it try again');
  });
});

describe('where no policy asks for recorded notes', () => {
  for (const spec of [
    {},
    { ...recorded, attestation: { format: 'None' } },
    { ...recorded, runs: { kinds: ['TaskRun'] } },
  ]) {
    it(`nothing is requested: ${JSON.stringify(spec)}`, async () => {
      const world = new NotesWorld();
      await world.setPolicy(spec);
      world.deliver(run('PipelineRun', 'p', { isFinished: false }));
      world.deliver(run('TaskRun', 'a', { of: 'p' }));
      world.observer.removed('p', undefined, false);
      await world.reconcile();
      assert.deepEqual([world.api.count(CREATE), world.api.count(DELETE)], [0, 0]);
    });
  }

  it('a PipelineRun that the policy does not select costs nothing', async () => {
    const world = new NotesWorld();
    await world.setPolicy({ ...recorded, selector: { matchLabels: { release: 'yes' } } });
    world.deliver(run('PipelineRun', 'p', { isFinished: false }));
    world.deliver(run('PipelineRun', 'q', { isFinished: false, labels: { release: 'yes' } }));
    for (const parent of ['p', 'q']) world.deliver(run('TaskRun', `${parent}-a`, { of: parent }));
    await world.reconcile();
    assert.deepEqual(world.names, ['q-a']);
  });
});
