// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { field, listField } from '../../json/fields.ts';
import { KubeError } from '../../kube/kube-error.ts';
import { notServed, unreachable } from '../../kube/model-api.fixture.ts';
import { ReconcilerWorld } from '../fixtures/reconciler-world.fixture.ts';
import type { RunKey } from '../../tekton/run-key.ts';
import { runOutline } from '../../tekton/run-outline.ts';

const CREATE = 'create provenancerecords.hallmark.dev';
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
});
