// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { field, listField, objectField } from '../../../json/fields.ts';
import { KubeError } from '../../../kube/kube-error.ts';
import { StorageError } from '../../../storage/storage-error.ts';
import { ReconcilerWorld } from '../../fixtures/reconciler-world.fixture.ts';

const PATCH = 'patch taskruns.tekton.dev';
const ASKED = { compatibility: { chainsAnnotations: true } };
const HALF_HOUR_MS = 1_800_000;

describe('annotateRun', () => {
  let world: ReconcilerWorld;
  beforeEach(() => {
    world = new ReconcilerWorld();
  });

  async function store(policy: object = ASKED): Promise<void> {
    await world.setPolicy(policy);
    world.addStore();
    await world.reconcileRun(await world.addRun('bake', '2026-01-02T03:04:00Z'));
    await world.reconcileRecords();
  }

  function annotations(): unknown {
    return field(objectField(world.api.objects('taskruns')[0], 'metadata'), 'annotations');
  }

  /** Status and reason of a condition of the record. */
  function condition(type: string): readonly unknown[] {
    const found = listField(field(world.records[0], 'status'), 'conditions').find((one) => field(one, 'type') === type);
    return [field(found, 'status'), field(found, 'reason')];
  }

  /** @param allowed the answer to the question if the operator may patch runs */
  function refusePatches(status: number, allowed = true): void {
    world.api.intercept = ({ verb, resource }, serve) => {
      if (resource.startsWith('selfsubjectaccessreviews')) return { status: { allowed } };
      if (verb === 'patch' && resource.startsWith('taskruns'))
        throw new KubeError({ status, reason: 'Refused', message: 'no' });
      return serve();
    };
  }

  it('annotates a run that is stored, once', async () => {
    await store();
    assert.deepEqual(annotations(), { 'chains.tekton.dev/signed': 'true' });
    assert.deepEqual(condition('RunAnnotated'), ['True', 'Stored']);
    world.deliverRecords();
    await world.reconcileRecords();
    assert.deepEqual([world.api.count(PATCH), world.stored], [1, 1]);
    assert.ok([...world.context.records.all()].every(({ isSettled }) => isSettled));
  });

  it('annotates no run that a backend does not hold yet', async () => {
    world.onPut = () => {
      throw new StorageError('BackendUnavailable', 'it is full');
    };
    await store();
    assert.deepEqual([world.api.count(PATCH), condition('RunAnnotated')], [0, ['False', 'Progressing']]);
    world.onPut = () => undefined;
    await world.clock.advance(HALF_HOUR_MS);
    assert.deepEqual([world.api.count(PATCH), condition('RunAnnotated')], [1, ['True', 'Stored']]);
  });

  it('promises no annotation for a run that has nothing to sign', async () => {
    await store({ ...ASKED, attestation: { format: 'None' }, imageSignatures: { formats: ['SimpleSigning'] } });
    assert.deepEqual(condition('Ready'), ['False', 'NoSubjects']);
    assert.deepEqual([world.api.count(PATCH), condition('RunAnnotated')], [0, [undefined, undefined]]);
  });

  for (const [policy, which] of [
    [{}, 'that does not ask'],
    [{ ...ASKED, mode: 'Audit' }, 'that only audits'],
  ] as const) {
    it(`annotates no run for a policy ${which}`, async () => {
      await store(policy);
      assert.equal(world.records.length, 1);
      assert.deepEqual([world.api.count(PATCH), condition('RunAnnotated')], [0, [undefined, undefined]]);
    });
  }

  it('reports the record as stored while the API server takes no patch, and annotates later without storing again', async () => {
    refusePatches(500);
    await store();
    assert.deepEqual(condition('Ready'), ['True', 'Stored']);
    assert.deepEqual(condition('RunAnnotated'), ['False', 'Progressing']);
    world.deliverRecords();
    assert.ok([...world.context.records.all()].every(({ isSettled }) => !isSettled));
    world.api.intercept = (_request, serve) => serve();
    await world.clock.advance(HALF_HOUR_MS);
    assert.deepEqual([condition('RunAnnotated'), world.stored], [['True', 'Stored'], 1]);
  });

  it('does not try again where the operator may not patch runs', async () => {
    refusePatches(403, false);
    await store();
    assert.deepEqual(condition('RunAnnotated'), ['False', 'AnnotationForbidden']);
    world.deliverRecords();
    await world.clock.advance(HALF_HOUR_MS);
    assert.equal(world.api.count(PATCH), 1);
    assert.ok([...world.context.records.all()].every(({ isSettled }) => isSettled));
  });

  it('annotates what was stored while it might not, once its policy has it look again, and stores nothing again', async () => {
    refusePatches(403, false);
    await store();
    world.deliverRecords();
    const builds = { kind: 'SigningPolicy', namespace: 'team-a', name: 'builds' } as const;
    assert.equal(world.context.records.hasUnannotated(builds), true);
    world.api.intercept = (_request, serve) => serve();
    await world.reconcileRecords();
    assert.deepEqual(annotations(), { 'chains.tekton.dev/signed': 'true' });
    assert.deepEqual(
      [condition('RunAnnotated'), condition('Ready')],
      [
        ['True', 'Stored'],
        ['True', 'Stored'],
      ],
    );
    assert.deepEqual([world.stored, world.signatures, world.context.records.hasUnannotated(builds)], [1, 1, false]);
  });

  for (const status of [401, 403]) {
    it(`tries again after a refusal with ${status} where the operator may patch runs`, async () => {
      refusePatches(status);
      await store();
      assert.deepEqual(condition('RunAnnotated'), ['False', 'Progressing']);
      world.api.intercept = (_request, serve) => serve();
      await world.clock.advance(HALF_HOUR_MS);
      assert.deepEqual(condition('RunAnnotated'), ['True', 'Stored']);
    });
  }

  it('says nothing of a run that is gone', async () => {
    refusePatches(404);
    await store();
    assert.deepEqual(condition('Ready'), ['True', 'Stored']);
    assert.deepEqual(condition('RunAnnotated'), [undefined, undefined]);
  });
});
