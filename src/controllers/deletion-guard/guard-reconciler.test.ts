// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { field, objectField } from '../../json/fields.ts';
import { runResources } from '../../kube/tekton-resources.ts';
import { exponentialBackoff } from '../../runtime/queue/backoff.ts';
import { Controller } from '../../runtime/queue/controller.ts';
import { KeyedQueue } from '../../runtime/queue/keyed-queue.ts';
import type { RunKind } from '../../api/v1alpha1/kinds.ts';
import { ceilingDefinition } from '../../pipelines/ceilings/ceiling.fixture.ts';
import { parseRunKey, type RunKey, runKey } from '../../tekton/run-key.ts';
import { summariseRun } from '../../tekton/run-summary.ts';
import { ReconcilerWorld } from '../fixtures/reconciler-world.fixture.ts';
import { GuardObserver } from './guard-observer.ts';
import { GuardReconciler } from './guard-reconciler.ts';

const signal = new AbortController().signal;
const GUARD = 'hallmark.dev/deletion-guard';
const hold = { deletionGuard: { type: 'Hold' } };
const PATCH = 'patch taskruns.tekton.dev';

/** The guard's part of the operator, on the model API server. Watch events are delivered by hand. */
class GuardWorld extends ReconcilerWorld {
  readonly queue: KeyedQueue<RunKey>;
  readonly observer: GuardObserver;

  constructor() {
    super();
    const { clock, context } = this;
    const backoff = exponentialBackoff({ minMs: 1000, maxMs: 2000, random: () => 0.5 });
    this.queue = new KeyedQueue({ clock, backoff });
    this.observer = new GuardObserver({ context, queue: this.queue });
    const reconciler = new GuardReconciler({ context });
    const controller = new Controller<RunKey>({
      ...{ name: 'deletion-guard', queue: this.queue, concurrency: 4, clock },
      reconcile: (key, stop) => reconciler.reconcile(key, stop),
      onResult: (result) => this.results.push(result),
    });
    controller.start();
  }

  async makeRun(kind: RunKind, name: string, parts: { readonly metadata?: object; readonly status?: object } = {}) {
    const creationTimestamp = '2026-01-02T00:00:00Z';
    const { metadata, status = {} } = parts;
    const object = { metadata: { namespace: 'team-a', name, creationTimestamp, ...metadata }, spec: {}, status };
    const made = await this.api.client.create(runResources[kind], object, { signal });
    const summary = summariseRun(made);
    assert.ok(summary !== undefined);
    return runKey(summary);
  }

  /** Delivers the run as it is now, and lets the guard act. */
  async deliver(key: RunKey): Promise<void> {
    const summary = summariseRun(await this.object(key));
    assert.ok(summary !== undefined);
    this.observer.delivered(summary);
    await this.clock.settle();
  }

  async object(key: RunKey): Promise<unknown> {
    const { kind, ...name } = parseRunKey(key);
    return this.api.client.find(runResources[kind], name, { signal });
  }

  async finalizers(key: RunKey): Promise<unknown> {
    return field(field(await this.object(key), 'metadata'), 'finalizers');
  }

  /** Changes the one TaskRun behind the operator's back. */
  changeRun(metadata: object, status?: object): void {
    this.api.rewrite('taskruns', (run) => {
      const before = objectField(run, 'metadata');
      const resourceVersion = `${String(before['resourceVersion'])}0`;
      const next = { ...run, metadata: { ...before, ...metadata, resourceVersion } };
      return status === undefined ? next : { ...next, status };
    });
  }

  /** Delivers every record as it is now. */
  async deliverRecordsToGuard(): Promise<void> {
    this.deliverRecords();
    for (const record of this.context.records.all()) this.observer.recordDelivered(record);
    await this.clock.settle();
  }

  get patches(): number {
    return this.api.count(PATCH);
  }
}

function endedAt(completionTime: string): object {
  const condition = { type: 'Succeeded', status: 'True', reason: 'Succeeded', lastTransitionTime: completionTime };
  return { startTime: completionTime, completionTime, conditions: [condition], taskSpec: { steps: [] } };
}

describe('the deletion guard', () => {
  let world: GuardWorld;
  let ended: object;
  beforeEach(() => {
    world = new GuardWorld();
    world.addStore();
    ended = endedAt(world.clock.now().toISOString());
  });

  /** Makes a finished run, has it held, and its record made and not stored. */
  async function heldRun(): Promise<RunKey> {
    const key = await world.makeRun('TaskRun', 'bake', { status: ended });
    await world.deliver(key);
    assert.deepEqual(await world.finalizers(key), [GUARD]);
    await world.reconcileRun(key);
    return key;
  }

  it('leaves runs of a policy with Release alone, without a request', async () => {
    await world.setPolicy();
    const key = await world.makeRun('TaskRun', 'bake', { status: ended });
    world.api.requests.length = 0;
    world.observer.delivered(summariseRun(world.api.objects('taskruns')[0]) ?? assert.fail());
    await world.clock.settle();
    assert.deepEqual(world.api.requests, []);
    assert.equal(world.context.guardedRuns.has(key), false);
  });

  it('keeps a selected run from its start, beside the finalizers of others, until it is stored', async () => {
    await world.setPolicy(hold);
    const key = await world.makeRun('TaskRun', 'bake', { metadata: { finalizers: ['chains.tekton.dev'] } });
    await world.deliver(key);
    assert.deepEqual(await world.finalizers(key), ['chains.tekton.dev', GUARD]);
    const { guardedRuns } = world.context;
    assert.equal(
      guardedRuns.count((namespace) => namespace === 'team-a'),
      1,
    );
    assert.equal(
      guardedRuns.count((namespace) => namespace === 'team-b'),
      0,
    );
    world.changeRun({}, ended);
    await world.deliver(key);
    await world.reconcileRun(key);
    await world.deliverRecordsToGuard();
    assert.deepEqual(await world.finalizers(key), ['chains.tekton.dev', GUARD], 'its record is not stored yet');
    await world.reconcileRecords();
    await world.deliverRecordsToGuard();
    assert.deepEqual(await world.finalizers(key), ['chains.tekton.dev']);
    assert.equal(world.patches, 2);
    assert.equal(world.context.guardedRuns.keys().length, 0);
    await world.deliver(key);
    assert.equal(world.patches, 2, 'a stored run is not held again');
  });

  it('lets a run go that does not finish before it is deleted, or ends as the policy does not ask', async () => {
    await world.setPolicy(hold);
    const key = await world.makeRun('TaskRun', 'bake');
    await world.deliver(key);
    world.changeRun({ deletionTimestamp: world.clock.now().toISOString() });
    await world.deliver(key);
    assert.deepEqual(await world.finalizers(key), []);
    const condition = { type: 'Succeeded', status: 'False', reason: 'Failed' };
    world.changeRun({ finalizers: [GUARD], deletionTimestamp: undefined }, { ...ended, conditions: [condition] });
    await world.deliver(key);
    assert.deepEqual(await world.finalizers(key), []);
    assert.deepEqual(world.events, []);
  });

  it('lets a deleted run go at the deadline, and says which record is not stored', async () => {
    await world.setPolicy({ deletionGuard: { type: 'Hold', timeoutSeconds: 60 } });
    const key = await heldRun();
    world.changeRun({ deletionTimestamp: world.clock.now().toISOString() });
    await world.deliver(key);
    await world.clock.advance(59_000);
    assert.deepEqual(await world.finalizers(key), [GUARD]);
    assert.deepEqual(world.events, []);
    await world.clock.advance(1000);
    assert.deepEqual(await world.finalizers(key), []);
    assert.match(world.events.join(), /^RunDeleted: .* ProvenanceRecord bake-\w{10} \(Progressing\) after 60 s$/);
  });

  const edits: Readonly<Record<string, () => Promise<void>>> = {
    'is deleted': () => world.deletePolicy(),
    'is edited to Release': () => world.setPolicy({}),
    'is suspended': () => world.setPolicy({ ...hold, suspend: true }),
    'is set to Audit': () => world.setPolicy({ ...hold, mode: 'Audit' }),
    'does not select the run any more': () => world.setPolicy({ ...hold, selector: { matchLabels: { app: 'x' } } }),
    'is invalid': async () => {
      const policy = world.context.pipelines.policy({ kind: 'SigningPolicy', namespace: 'team-a', name: 'builds' });
      world.context.pipelines.setPolicy({ ...(policy ?? assert.fail()), invalid: 'no reason' });
      return Promise.resolve();
    },
    'exceeds a ceiling': async () => {
      world.context.pipelines.setCeiling(ceilingDefinition('teams', { signers: { types: ['KMS'] } }));
      return Promise.resolve();
    },
    'may audit only': async () => {
      world.context.pipelines.setCeiling(ceilingDefinition('teams', { auditOnly: true }));
      return Promise.resolve();
    },
  };
  for (const [what, edit] of Object.entries(edits)) {
    it(`lets a run go once its policy ${what}`, async () => {
      await world.setPolicy(hold);
      const key = await heldRun();
      await edit();
      // The edit has the runs of the namespace delivered again.
      await world.deliver(key);
      assert.deepEqual(await world.finalizers(key), []);
    });
  }

  it('holds no run of a policy that exceeds a ceiling, and holds it once the ceiling allows the policy', async () => {
    const { pipelines } = world.context;
    pipelines.setCeiling(ceilingDefinition('teams', { signers: { types: ['KMS'] } }));
    await world.setPolicy(hold);
    const key = await world.makeRun('TaskRun', 'bake');
    await world.deliver(key);
    assert.equal(await world.finalizers(key), undefined);
    assert.equal(world.patches, 0);
    pipelines.setCeiling(ceilingDefinition('teams', { signers: { types: ['Key'] } }));
    await world.deliver(key);
    assert.deepEqual(await world.finalizers(key), [GUARD]);
  });

  it('keeps a run that waits for room for its record, however long that takes', async () => {
    world.context.pipelines.setCeiling(ceilingDefinition('teams', { counts: { records: 0 } }));
    await world.setPolicy({ ...hold, record: { retention: 'Seconds', seconds: 3600 } });
    const key = await heldRun();
    assert.equal(world.context.recordRoom.hasWaiting('team-a'), true);
    await world.clock.advance(2 * 3600_000);
    await world.deliver(key);
    assert.deepEqual(await world.finalizers(key), [GUARD]);
  });

  it('lets the runs of a namespace go that is being deleted', async () => {
    await world.setPolicy(hold);
    const key = await heldRun();
    world.observer.namespaceDelivered('team-b', true);
    await world.clock.settle();
    assert.deepEqual(await world.finalizers(key), [GUARD]);
    world.observer.namespaceDelivered('team-a', true);
    await world.clock.settle();
    assert.deepEqual(await world.finalizers(key), []);
  });

  it('reads a run that changed meanwhile, and keeps what others wrote', async () => {
    await world.setPolicy(hold);
    const key = await world.makeRun('TaskRun', 'bake');
    const stale = summariseRun(await world.object(key)) ?? assert.fail();
    world.changeRun({ finalizers: ['chains.tekton.dev'] });
    world.observer.delivered(stale);
    await world.clock.settle();
    assert.deepEqual(await world.finalizers(key), ['chains.tekton.dev']);
    await world.clock.advance(200);
    assert.deepEqual(await world.finalizers(key), ['chains.tekton.dev', GUARD]);
  });

  it('sets a finalizer again that another client removes, and not at once', async () => {
    await world.setPolicy(hold);
    const key = await heldRun();
    world.changeRun({ finalizers: [] });
    await world.deliver(key);
    await world.clock.advance(9_999);
    assert.deepEqual(await world.finalizers(key), []);
    await world.clock.advance(1);
    assert.deepEqual(await world.finalizers(key), [GUARD]);
  });

  it('never touches a later run of the same name', async () => {
    await world.setPolicy(hold);
    const key = await world.makeRun('TaskRun', 'bake');
    const stale = summariseRun(await world.object(key)) ?? assert.fail();
    world.changeRun({ uid: 'another' });
    world.observer.delivered(stale);
    await world.clock.advance(200);
    assert.equal(await world.finalizers(key), undefined);
    assert.equal(world.context.guardedRuns.keys().length, 0);
  });

  it('forgets a run whose deletion is delivered while it is read', async () => {
    const { guardedRuns } = world.context;
    await world.setPolicy(hold);
    const key = await heldRun();
    world.api.intercept = (request, serve) => {
      const answer = serve();
      if (request.verb === 'get' && request.resource.startsWith('taskruns')) world.observer.removed(key);
      return answer;
    };
    guardedRuns.setStale(key);
    world.queue.add(key);
    await world.clock.settle();
    assert.deepEqual(guardedRuns.keys(), []);
  });

  it('forgets a run that is gone when its finalizer is set', async () => {
    await world.setPolicy(hold);
    const key = await world.makeRun('TaskRun', 'bake');
    const last = summariseRun(await world.object(key)) ?? assert.fail();
    const { name, uid } = last;
    await world.api.client.delete(runResources.TaskRun, { namespace: 'team-a', name }, { uid, signal });
    world.observer.delivered(last);
    await world.clock.settle();
    assert.equal(world.patches, 1);
    assert.deepEqual(world.context.guardedRuns.keys(), []);
  });

  it('lets a run go whose record retired before it was stored', async () => {
    await world.setPolicy({ ...hold, record: { retention: 'Seconds', seconds: 3600 } });
    const key = await heldRun();
    const [record] = [...world.context.records.all()];
    assert.ok(record !== undefined);
    await world.clock.advance(3_600_000);
    world.context.records.remove(record.key);
    world.observer.recordRemoved(record);
    await world.clock.settle();
    assert.deepEqual(await world.finalizers(key), []);
  });

  describe('of the children of a PipelineRun', () => {
    beforeEach(async () => {
      await world.setPolicy({ ...hold, runs: { kinds: ['PipelineRun'] } });
    });

    /** The metadata of a child of this PipelineRun. */
    function childOf(parent: RunKey, labels: object = {}): object {
      const { name, uid } = parseRunKey(parent);
      const owner = { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', name, uid, controller: true };
      return { ownerReferences: [owner], labels: { 'tekton.dev/pipelineRunUID': uid, ...labels } };
    }

    async function family(status: object): Promise<{ readonly parent: RunKey; readonly child: RunKey }> {
      const parent = await world.makeRun('PipelineRun', 'ship', { status });
      const child = await world.makeRun('TaskRun', 'ship-build', { metadata: childOf(parent), status: ended });
      await world.deliver(parent);
      await world.deliver(child);
      assert.deepEqual(await world.finalizers(child), [GUARD]);
      return { parent, child };
    }

    for (const [which, labels] of [
      ['that the policy does not select itself', {}],
      ['that the policy selects too', { release: 'yes' }],
    ] as const) {
      it(`keeps those of a nested PipelineRun ${which}, until the payload of the outer one is made`, async () => {
        const runs = { kinds: ['PipelineRun'] };
        await world.setPolicy({ ...hold, runs, selector: { matchLabels: { release: 'yes' } } });
        const metadata = { labels: { release: 'yes' } };
        const outer = await world.makeRun('PipelineRun', 'ship', { metadata, status: ended });
        const inner = await world.makeRun('PipelineRun', 'inner', { metadata: childOf(outer, labels), status: ended });
        const task = await world.makeRun('TaskRun', 'build', { metadata: childOf(inner), status: ended });
        for (const key of [outer, inner, task]) await world.deliver(key);
        const held = async (): Promise<readonly unknown[]> =>
          Promise.all([inner, task].map((key) => world.finalizers(key)));
        assert.deepEqual(await held(), [[GUARD], [GUARD]]);
        await world.reconcileRun(inner);
        await world.deliverRecordsToGuard();
        assert.deepEqual(await held(), [[GUARD], [GUARD]], 'the evidence of the outer one states them too');
        await world.reconcileRun(outer);
        await world.deliverRecordsToGuard();
        assert.deepEqual(await world.finalizers(task), []);
      });
    }

    it('keeps none for ever whose owners are a circle', async () => {
      const parent = await world.makeRun('PipelineRun', 'ship', { status: ended });
      const other = await world.makeRun('PipelineRun', 'other', { metadata: childOf(parent), status: ended });
      world.api.rewrite('pipelineruns', (run) =>
        field(field(run, 'metadata'), 'name') === 'ship'
          ? { ...run, metadata: { ...objectField(run, 'metadata'), ...childOf(other) } }
          : run,
      );
      for (const key of [parent, other]) await world.deliver(key);
      for (const key of [parent, other]) await world.reconcileRun(key);
      await world.deliverRecordsToGuard();
      for (const key of [parent, other]) assert.deepEqual(await world.finalizers(key), [GUARD], 'not stored yet');
      await world.reconcileRecords();
      await world.deliverRecordsToGuard();
      for (const key of [parent, other]) assert.deepEqual(await world.finalizers(key), []);
    });

    it('keeps each until the payload of the PipelineRun is made', async () => {
      const { parent, child } = await family(ended);
      await world.reconcileRun(parent);
      assert.deepEqual(await world.finalizers(child), [GUARD]);
      await world.deliverRecordsToGuard();
      assert.deepEqual(await world.finalizers(child), []);
      assert.deepEqual(await world.finalizers(parent), [GUARD], 'the PipelineRun is not stored yet');
    });

    it('lets each go once the PipelineRun is abandoned', async () => {
      const { parent, child } = await family({});
      world.api.rewrite('pipelineruns', (run) => {
        const metadata = { ...objectField(run, 'metadata'), deletionTimestamp: world.clock.now().toISOString() };
        return { ...run, metadata };
      });
      await world.deliver(parent);
      assert.deepEqual(await world.finalizers(parent), []);
      assert.deepEqual(await world.finalizers(child), []);
    });

    it('lets each go once the PipelineRun is gone', async () => {
      const { parent, child } = await family({});
      world.observer.removed(parent);
      await world.clock.settle();
      assert.deepEqual(await world.finalizers(child), []);
    });

    it('lets each go once the PipelineRun that was let go at its deadline is gone', async () => {
      const { parent, child } = await family(ended);
      world.api.rewrite('pipelineruns', (run) => {
        const metadata = { ...objectField(run, 'metadata'), deletionTimestamp: world.clock.now().toISOString() };
        return { ...run, metadata };
      });
      await world.deliver(parent);
      await world.clock.advance(600_000);
      assert.equal(world.context.guardedRuns.has(parent), false);
      assert.deepEqual(await world.finalizers(child), [GUARD]);
      world.observer.removed(parent);
      await world.clock.settle();
      assert.deepEqual(await world.finalizers(child), []);
    });

    it('leaves the children alone of a PipelineRun that makes no attestation', async () => {
      await world.setPolicy({ ...hold, runs: { kinds: ['PipelineRun'] }, attestation: { format: 'None' } });
      await assert.rejects(family(ended));
    });
  });
});
