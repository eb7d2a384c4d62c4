// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { beforeEach, describe, it } from 'node:test';
import { field, listField, objectField } from '../../json/fields.ts';
import { KubeError } from '../../kube/kube-error.ts';
import { notServed, unreachable } from '../../kube/model-api.fixture.ts';
import { ceilingDefinition } from '../../pipelines/ceilings/ceiling.fixture.ts';
import { objectMetadata } from '../../kube/object-metadata.ts';
import { runResources } from '../../kube/tekton-resources.ts';
import { recordKey } from '../../records/record-key.ts';
import { ReconcilerWorld } from '../fixtures/reconciler-world.fixture.ts';
import { runKey, type RunKey } from '../../tekton/run-key.ts';
import { runOutline } from '../../tekton/run-outline.ts';

const CREATE = 'create provenancerecords.hallmark.dev';
const { signal } = new AbortController();
const HOUR_MS = 3600_000;
const DAY_MS = 24 * HOUR_MS;

describe('RunReconciler', () => {
  let world: ReconcilerWorld;
  let run: RunKey;
  beforeEach(async () => {
    world = new ReconcilerWorld();
    await world.setPolicy();
    world.addStore();
    run = await world.addRun('bake', '2026-01-02T03:04:00Z');
  });

  /** Answers requests to create a record with an error, after serving them or instead. */
  function failing(error: KubeError, options: { readonly isServed: boolean; readonly times?: number }): void {
    let left = options.times ?? Infinity;
    world.api.intercept = ({ verb, resource }, serve) => {
      if (`${verb} ${resource}` !== CREATE || left <= 0) return serve();
      left -= 1;
      if (options.isServed) serve();
      throw error;
    };
  }

  it('retries a run while the CRD of its record is missing, even if the run is deleted meanwhile', async () => {
    const object = world.api.objects('taskruns')[0];
    world.caches.run.put(run, { value: object, sizeBytes: 1, irreplaceableOf: 'team-a' });
    failing(notServed(), { isServed: false });
    await world.reconcileRun(run);
    world.existingRuns.delete(run);
    world.api.intercept = (request, serve) => {
      if (request.path.includes('/taskruns/')) throw notServed();
      return serve();
    };
    await world.clock.advance(DAY_MS);
    assert.equal(world.records.length, 1);
  });

  it('records a deleted run of which only an outline is left, and signs nothing of it', async () => {
    const value = runOutline(world.api.objects('taskruns')[0]);
    world.caches.run.put(run, { value, sizeBytes: 1, irreplaceableOf: 'team-a' });
    world.existingRuns.delete(run);
    await world.reconcileRun(run);
    const [record, ...others] = world.records;
    assert.deepEqual(
      [others.length, world.signatures, field(field(record, 'evidence'), 'artifacts')],
      [0, 0, undefined],
    );
    assert.equal(field(field(field(record, 'evidence'), 'problem'), 'reason'), 'RunDeleted');
  });

  it('retries evidence that a webhook refused, at the cost of one signature', async () => {
    const refusal = new KubeError({ status: 422, reason: 'Invalid', message: 'refused by a webhook' });
    world.api.intercept = ({ verb, body }, serve) => {
      const artifacts = listField(field(body, 'evidence'), 'artifacts');
      if ((verb === 'create' || verb === 'patch') && artifacts.length > 0) throw refusal;
      return serve();
    };
    await world.reconcileRun(run);
    await world.clock.advance(HOUR_MS);
    assert.equal(field(field(field(world.records[0], 'evidence'), 'problem'), 'reason'), 'PayloadInvalid');
    world.api.intercept = (_request, serve) => serve();
    await world.clock.advance(HOUR_MS);
    const evidence = field(world.records[0], 'evidence');
    assert.deepEqual([listField(evidence, 'artifacts').length, field(evidence, 'problem')], [1, undefined]);
    assert.equal(world.signatures, 1);
    await world.reconcileRecords();
    assert.deepEqual([world.signatures, world.stored], [2, 1]);
  });

  it('gives up on a run whose namespace is deleted', async () => {
    const about = { kind: 'namespaces', name: 'team-a' };
    failing(new KubeError({ status: 404, reason: 'NotFound', message: 'no namespace', about }), { isServed: false });
    await world.reconcileRun(run);
    await world.clock.advance(DAY_MS);
    assert.equal(world.api.count(CREATE), 1);
  });

  it('reads a record after a lost answer to its creation, instead of signing again', async () => {
    failing(unreachable(), { isServed: true, times: 1 });
    await world.reconcileRun(run);
    await world.clock.advance(60_000);
    assert.deepEqual([world.records.length, world.signatures, world.api.count(CREATE)], [1, 1, 1]);
  });

  describe('under a ceiling for one record', () => {
    beforeEach(() => {
      const { recordRoom, pipelines } = world.context;
      pipelines.setCeiling(ceilingDefinition('teams', { counts: { records: 1 } }));
      recordRoom.onRoom((key) => {
        world.queues.run.add(key);
      });
    });

    /** Removes the one record, as its watch would deliver it. */
    async function removeRecord(): Promise<void> {
      const [record, ...others] = world.context.records.all();
      assert.ok(record !== undefined && others.length === 0);
      const [namespace = '', name = ''] = record.key.split('/');
      const removed = { key: recordKey({ namespace, name }), uid: record.uid };
      await world.context.writer.delete(removed, new AbortController().signal);
      world.context.records.remove(record.key);
      world.context.recordRoom.wake('team-a');
      await world.clock.settle();
    }

    const recorded = (): unknown => field(field(field(world.records[0], 'spec'), 'runRef'), 'name');

    it('lets a run wait, says so, signs nothing of it, and records it once there is room', async () => {
      await world.reconcileRun(run);
      await world.reconcileRun(await world.addRun('second', '2026-01-02T03:04:01Z'));
      assert.deepEqual([recorded(), world.signatures, world.results.at(-1)?.kind], ['bake', 1, 'Waiting']);
      const said =
        /^CeilingExceeded: PolicyCeiling teams: .* have 1 ProvenanceRecords, and allowed are 1: finished runs wait/;
      assert.deepEqual([world.events.length, said.test(world.events[0] ?? '')], [1, true]);
      await world.clock.advance(HOUR_MS);
      assert.deepEqual([world.records.length, world.events.length], [1, 1], 'it still waits, and says no more');
      await removeRecord();
      assert.deepEqual([recorded(), world.signatures], ['second', 2]);
    });

    it('records a run that has waited for longer than its record is kept', async () => {
      await world.reconcileRun(run);
      await world.reconcileRun(await world.addRun('second', '2026-01-02T03:04:01Z'));
      await world.clock.advance(30 * DAY_MS);
      world.context.pipelines.retired(
        { kind: 'SigningPolicy', namespace: 'team-a', name: 'builds' },
        '2026-01-20T00:00:00Z',
      );
      await removeRecord();
      assert.equal(recorded(), 'second');
    });

    it('records a run that has waited for long even if that fails at first', async () => {
      await world.reconcileRun(run);
      await world.reconcileRun(await world.addRun('second', '2026-01-02T03:04:01Z'));
      await world.clock.advance(30 * DAY_MS);
      failing(unreachable(), { isServed: false, times: 1 });
      await removeRecord();
      assert.equal(world.results.at(-1)?.kind, 'Failed');
      await world.clock.advance(60_000);
      assert.deepEqual([recorded(), world.context.recordRoom.hasWaiting('team-a')], ['second', false]);
    });

    it('gives the place of a record that could not be made to the next run at once', async () => {
      const signing = Promise.withResolvers<undefined>();
      world.waits.sign = async () => {
        await signing.promise;
      };
      await world.reconcileRun(run);
      await world.reconcileRun(await world.addRun('second', '2026-01-02T03:04:01Z'));
      assert.equal(world.results.at(-1)?.kind, 'Waiting');
      failing(unreachable(), { isServed: false, times: 1 });
      signing.resolve(undefined);
      await world.clock.settle();
      assert.equal(recorded(), 'second');
    });

    it('lets runs that fail wake each other no sooner than they come again', async () => {
      await world.reconcileRun(run);
      for (const name of ['second', 'third'])
        await world.reconcileRun(await world.addRun(name, '2026-01-02T03:04:01Z'));
      failing(unreachable(), { isServed: false });
      const looks = world.results.length;
      await removeRecord();
      // The run whose record was removed lacks it too, and nothing queued it.
      assert.equal(world.results.length - looks, 2);
      await world.clock.advance(HOUR_MS);
      assert.ok(world.results.length - looks < 60, `${world.results.length - looks} looks`);
    });

    it('records a run that waits once another record has become smaller', async () => {
      await world.reconcileRun(run);
      const [record] = world.context.records.all();
      assert.ok(record !== undefined);
      const evidenceBytes = record.sizeBytes + 10;
      world.context.pipelines.setCeiling(ceilingDefinition('teams', { counts: { evidenceBytes } }));
      await world.reconcileRun(await world.addRun('second', '2026-01-02T03:04:01Z'));
      assert.deepEqual([world.records.length, world.results.at(-1)?.kind], [1, 'Waiting']);
      world.context.records.set({ ...record, sizeBytes: 1 });
      await world.clock.settle();
      assert.equal(world.records.length, 2);
    });

    it('makes a record that alone is larger than all may be without its evidence, and lets the next ones in', async () => {
      const counts = { evidenceBytes: 8000 };
      world.context.pipelines.setCeiling(ceilingDefinition('teams', { counts }));
      // Random, so that it packs into no less.
      const results = [{ name: 'R', type: 'string', value: randomBytes(10_000).toString('hex') }];
      const large = await world.addRun('large', '2026-01-02T03:04:01Z', 'team-a', results);
      await world.reconcileRun(large);
      // After a restart, it is looked at again.
      await world.reconcileRun(large);
      const evidence = objectField(world.records[0], 'evidence');
      assert.equal(field(evidence, 'artifacts'), undefined);
      const { reason, message } = objectField(evidence, 'problem');
      assert.equal(reason, 'PayloadTooLarge');
      const says =
        /takes \d{5} bytes, and PolicyCeiling teams allows 8000 .* raise counts\.evidenceBytes and then delete this record/;
      assert.match(String(message), says);
      await world.reconcileRun(run);
      assert.equal(listField(field(world.records[1], 'evidence'), 'artifacts').length, 1);
    });

    it('counts the evidence that a record without it gets later', async () => {
      const allow = (evidenceBytes: number): void => {
        world.context.pipelines.setCeiling(ceilingDefinition('teams', { counts: { evidenceBytes } }));
      };
      const isMade = (): readonly boolean[] =>
        world.records.map((record) => field(field(record, 'evidence'), 'artifacts') !== undefined);
      const results = [{ name: 'R', type: 'string', value: randomBytes(10_000).toString('hex') }];
      const runs: RunKey[] = [];
      for (const name of ['one', 'other'])
        runs.push(await world.addRun(name, '2026-01-02T03:04:01Z', 'team-a', results));
      const reconcile = async (): Promise<void> => {
        for (const each of runs) await world.reconcileRun(each);
      };
      allow(8000);
      await reconcile();
      assert.deepEqual(isMade(), [false, false]);
      allow(30_000);
      await reconcile();
      assert.deepEqual(isMade(), [true, false]);
      assert.match(world.events.at(-1) ?? '', /bytes of evidence, and allowed are 30000/);
      allow(60_000);
      await reconcile();
      assert.deepEqual(isMade(), [true, true]);
    });

    it('gives the evidence of the oldest run its bytes first, and wakes it once they are free', async () => {
      const allow = (evidenceBytes: number): void => {
        world.context.pipelines.setCeiling(ceilingDefinition('teams', { counts: { evidenceBytes } }));
      };
      const made = (): readonly string[] =>
        world.records
          .filter((record) => field(field(record, 'evidence'), 'artifacts') !== undefined)
          .map((record) => String(field(field(field(record, 'spec'), 'runRef'), 'name')));
      const results = [{ name: 'R', type: 'string', value: randomBytes(10_000).toString('hex') }];
      const runs: RunKey[] = [];
      for (const [second, name] of ['first', 'older', 'newer'].entries())
        runs.push(await world.addRun(name, `2026-01-02T03:04:0${second + 1}Z`, 'team-a', results));
      const [first, older, newer] = runs;
      assert.ok(first !== undefined && older !== undefined && newer !== undefined);
      allow(8000);
      for (const each of runs) await world.reconcileRun(each);
      assert.deepEqual(made(), []);
      allow(30_000);
      for (const each of [first, newer, older]) await world.reconcileRun(each);
      assert.deepEqual([made(), world.context.recordRoom.count(() => true)], [['first'], 2]);
      for (const [evidenceBytes, names] of [
        [60_000, ['first', 'older']],
        [90_000, ['first', 'newer', 'older']],
      ] as const) {
        allow(evidenceBytes);
        world.context.recordRoom.wake('team-a');
        await world.clock.settle();
        assert.deepEqual(made().toSorted(), names);
      }
      assert.equal(world.context.recordRoom.hasWaiting('team-a'), false);
    });

    it('leaves a record alone that its signatures made larger than all may be', async () => {
      failing(unreachable(), { isServed: true, times: 1 });
      await world.reconcileRun(run);
      const { length } = JSON.stringify(world.records[0]);
      world.context.pipelines.setCeiling(ceilingDefinition('teams', { counts: { evidenceBytes: length / 2 } }));
      await world.clock.advance(60_000);
      const { artifacts, problem } = objectField(world.records[0], 'evidence');
      assert.deepEqual([listField({ artifacts }, 'artifacts').length, problem], [1, undefined]);
    });

    it('leaves the records of a ClusterSigningPolicy alone', async () => {
      const [policy] = world.context.pipelines.policies;
      assert.ok(policy !== undefined);
      world.context.pipelines.removePolicy(policy);
      world.context.pipelines.setPolicy({ ...policy, kind: 'ClusterSigningPolicy', namespace: '' });
      await world.reconcileRun(run);
      await world.reconcileRun(await world.addRun('second', '2026-01-02T03:04:01Z'));
      assert.equal(world.records.length, 2);
    });

    it('looks at a run that is gone meanwhile, and lets the next one in', async () => {
      await world.reconcileRun(run);
      const gone = await world.addRun('gone', '2026-01-02T03:04:01Z');
      await world.reconcileRun(gone);
      await world.reconcileRun(await world.addRun('third', '2026-01-02T03:04:02Z'));
      world.api.intercept = ({ path }, serve) => {
        if (path.includes('/taskruns/gone')) return undefined;
        return serve();
      };
      world.caches.run.release(gone);
      await removeRecord();
      assert.deepEqual([recorded(), world.context.recordRoom.hasWaiting('team-a')], ['third', false]);
    });
  });

  it('reports the failures of all policies of a run', async () => {
    const [policy] = world.context.pipelines.policies;
    assert.ok(policy !== undefined);
    world.context.pipelines.setPolicy({ ...policy, name: 'second', uid: 'second' });
    failing(unreachable(), { isServed: false });
    await world.reconcileRun(run);
    const error = world.results[0]?.error;
    assert.ok(error instanceof AggregateError);
    assert.equal(error.errors.length, 2);
  });

  it('states a large run in pieces, so that those of another team are recorded in between', async () => {
    const [policy] = world.context.pipelines.policies;
    assert.ok(policy !== undefined);
    for (const name of ['second', 'third']) world.context.pipelines.setPolicy({ ...policy, name, uid: name });
    world.context.pipelines.setPolicy({ ...policy, namespace: 'team-b', uid: 'b' });
    const results = [{ name: 'LONG', type: 'string', value: 'x'.repeat(300_000) }];
    const large = await world.addRun('large', '2026-01-02T03:04:00Z', 'team-a', results);
    const small = await world.addRun('small', '2026-01-02T03:04:00Z', 'team-b');
    world.queues.run.add(large);
    world.queues.run.add(small);
    while (world.records.length < 4) await world.clock.settle();
    const places = world.records.map((record) => field(field(record, 'metadata'), 'namespace'));
    assert.equal(places[0], 'team-b', places.join());
    for (const record of world.records) assert.equal(listField(field(record, 'evidence'), 'artifacts').length, 1);
  });

  it('reads the children of a large PipelineRun in pieces', async () => {
    const end = '2026-01-02T03:04:00Z';
    const children = Array.from({ length: 40 }, (_, index) => `child-${index}`);
    const { client } = world.api;
    const status = (more: object): object => {
      const conditions = [{ type: 'Succeeded', status: 'True', reason: 'Succeeded', lastTransitionTime: end }];
      return { startTime: end, completionTime: end, conditions, ...more };
    };
    const childReferences = children.map((name) => ({ apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name }));
    const metadata = { namespace: 'team-a', name: 'large', creationTimestamp: end };
    const parent = { metadata, spec: {}, status: status({ childReferences, pipelineSpec: { tasks: [] } }) };
    const uid = objectMetadata(await client.create(runResources.PipelineRun, parent, { signal }))?.uid ?? '';
    for (const name of children) {
      const labels = { 'tekton.dev/pipelineRunUID': uid };
      const ownerReferences = [
        { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', name: 'large', uid, controller: true },
      ];
      const child = { metadata: { ...metadata, name, labels, ownerReferences }, spec: {} };
      const results = [{ name: 'LONG', type: 'string', value: 'x'.repeat(5000) }];
      await client.create(runResources.TaskRun, { ...child, ...{ status: status({ results }) } }, { signal });
    }
    const { heavyWork } = world.context;
    let pieces = 0;
    const result = heavyWork.result.bind(heavyWork);
    heavyWork.result = (tenant, piece) => {
      pieces += 1;
      return result(tenant, piece);
    };
    // One step in each piece, however fast the machine is.
    const inPieces = heavyWork.inPieces.bind(heavyWork);
    heavyWork.inPieces = (tenant, steps) => inPieces(tenant, steps, 0);
    const key = runKey({ kind: 'PipelineRun', namespace: 'team-a', name: 'large', uid });
    world.existingRuns.add(key);
    world.queues.run.add(key);
    // The watch of the children may be behind for some seconds.
    while (world.records.length < 1) await world.clock.advance(20_000);
    assert.equal(listField(field(world.records[0], 'evidence'), 'artifacts').length, 1);
    assert.ok(pieces > children.length, `${pieces} pieces`);
  });

  it('records a run as too large that holds more values than can be stated', async () => {
    const results = Array.from({ length: 40_000 }, () => ({}));
    await world.reconcileRun(await world.addRun('countless', '2026-01-02T03:04:00Z', 'team-a', results));
    while (world.records.length < 1) await world.clock.settle();
    const problem = field(field(world.records[0], 'evidence'), 'problem');
    assert.equal(field(problem, 'reason'), 'PayloadTooLarge');
    assert.match(String(field(problem, 'message')), /TaskRun holds more than 100000 values/);
    assert.equal(world.signatures, 0);
  });
});
