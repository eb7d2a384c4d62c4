// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { field, listField } from '../../../json/fields.ts';
import { exponentialBackoff } from '../../../runtime/queue/backoff.ts';
import { WorkerLanes } from '../../../runtime/lanes/worker-lanes.ts';
import { ReconcilerWorld } from '../../fixtures/reconciler-world.fixture.ts';
import { Attempts } from '../../memory/records/attempts.ts';
import { VerificationReconciler } from './verification-reconciler.ts';

describe('VerificationReconciler', () => {
  it('reports an unexpected error of a read-back in the record', async () => {
    const world = new ReconcilerWorld();
    await world.setPolicy();
    world.addStore();
    await world.reconcileRun(await world.addRun('bake', '2026-01-02T03:04:00Z'));
    await world.reconcileRecords();
    world.readError = new TypeError('secret');
    const { context, clock } = world;
    const verification = new VerificationReconciler({
      context,
      attempts: new Attempts(clock, exponentialBackoff({ minMs: 1000, maxMs: 1000 })),
      lanes: new WorkerLanes({ idleWorkers: () => 4, wake: () => undefined, isBusy: () => false }),
      intervalSeconds: 3600,
    });
    const [key = ''] = [...context.records.all()].map((record) => record.key);
    await assert.rejects(verification.reconcile(key, new AbortController().signal), TypeError);
    const conditions = listField(field(world.records[0], 'status'), 'conditions');
    const verified = conditions.find((condition) => field(condition, 'type') === 'Verified');
    const message = String(field(verified, 'message'));
    assert.match(message, /read back from 0\/1 backends so far; StorageBackend store: .*unexpected TypeError.*log/);
    assert.doesNotMatch(message, /secret/);
  });
});
