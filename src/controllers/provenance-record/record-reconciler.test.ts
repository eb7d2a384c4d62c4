// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { field, listField } from '../../json/fields.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { unreachable } from '../../kube/model-api.fixture.ts';
import { projectRecord } from './record-event-handler.ts';
import { ReconcilerWorld } from '../fixtures/reconciler-world.fixture.ts';

const AMEND = 'patch provenancerecords.hallmark.dev';
const HALF_HOUR_MS = 1_800_000;

describe('RecordReconciler', () => {
  for (const [what, answer] of [
    ['stores it', undefined],
    ['fails', new StorageError('BackendUnavailable', 'it is full')],
  ] as const) {
    it(`leaves nothing behind of a record that is deleted while a backend ${what}`, async () => {
      const world = new ReconcilerWorld();
      await world.setPolicy();
      world.addStore();
      await world.reconcileRun(await world.addRun('bake', '2026-01-02T03:04:00Z'));
      world.onPut = () => {
        for (const { key } of [...world.context.records.all()]) world.context.records.remove(key);
        if (answer !== undefined) throw answer;
      };
      await world.reconcileRecords();
      assert.equal(world.stored, 1);
      assert.deepEqual([world.attempts.size, world.context.unconfirmedStores.size], [0, 0]);
    });
  }

  describe('with a log of version 2', () => {
    let world: ReconcilerWorld;
    beforeEach(async () => {
      world = new ReconcilerWorld();
      await world.setPolicy({
        transparency: { type: 'Rekor', rekor: { url: 'https://log.example', apiVersion: 2 } },
        trustedRoot: { type: 'TUF', tuf: { mirror: 'https://tuf.example' } },
      });
      world.addStore();
      await world.reconcileRun(await world.addRun('bake', '2026-01-02T03:04:00Z'));
    });

    /** Lets writes to records fail, after they were served or instead. */
    function cut(isServed: boolean): void {
      world.api.intercept = ({ verb, resource }, serve) => {
        if (!resource.startsWith('provenancerecords') || verb === 'get') return serve();
        if (isServed) serve();
        throw unreachable();
      };
    }

    function logIndexes(): readonly unknown[] {
      const artifacts = listField(field(world.records[0], 'evidence'), 'artifacts');
      return artifacts.flatMap((artifact) =>
        listField(artifact, 'logEntries').map((entry) => field(entry, 'logIndex')),
      );
    }

    it('traces each step from the run to the evidence that is read back', async () => {
      await world.reconcileRecords();
      assert.deepEqual(world.steps, [
        'bake gather',
        'bake sign Signed',
        'bake create record Created',
        'bake recorded',
        'bake witness Logged',
        'bake store Stored',
        'bake read back Unread',
      ]);
    });

    it('makes one log entry while the API server is away, and records it when it is back', async () => {
      cut(false);
      await world.reconcileRecords();
      await world.clock.advance(HALF_HOUR_MS);
      assert.ok(world.api.count(AMEND) > 5);
      world.api.intercept = (_request, serve) => serve();
      await world.clock.advance(HALF_HOUR_MS);
      assert.deepEqual([world.logEntries, logIndexes(), world.stored], [1, ['1'], 1]);
    });

    it('reads the record again after a write whose response was lost', async () => {
      cut(true);
      await world.reconcileRecords();
      world.api.intercept = (_request, serve) => serve();
      await world.clock.advance(HALF_HOUR_MS);
      assert.deepEqual([world.logEntries, logIndexes(), world.stored], [1, ['1'], 1]);
      assert.equal(world.api.count(AMEND), 1);
    });

    it('does not use late deliveries of the watch after a write whose response was lost', async () => {
      const before = projectRecord(world.records[0], world.context);
      assert.ok(before !== undefined);
      cut(true);
      await world.reconcileRecords();
      const [key] = [...world.context.records.all()].map((record) => record.key);
      assert.ok(key !== undefined);
      world.api.intercept = (_request, serve) => serve();
      world.caches.record.put(key, { value: before, sizeBytes: 1 });
      await world.reconcileRecords();
      assert.deepEqual([world.logEntries, logIndexes(), world.api.count(AMEND)], [1, ['1'], 1]);
    });
  });
});
