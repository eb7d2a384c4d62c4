// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { ManualClock } from '../../../runtime/manual-clock.fixture.ts';
import { readRecord, type TrustedRecord } from '../../../records/read-record.ts';
import { SEAL_KEY, storedRecord, storedRecordKey } from '../../../records/stored-record.fixture.ts';
import { OwnWrites } from './own-writes.ts';

const RECORD = storedRecordKey();

/** The answer of a write. */
function answer(resourceVersion: string): TrustedRecord {
  const read = readRecord(storedRecord({ resourceVersion }), SEAL_KEY);
  assert.ok(read?.isTrusted === true);
  return read;
}

describe('OwnWrites', () => {
  let clock: ManualClock;
  let writes: OwnWrites;
  beforeEach(() => {
    clock = new ManualClock();
    writes = new OwnWrites(clock);
  });

  it('distrusts deliveries of the watch until it delivers the last write', () => {
    assert.equal(writes.mayPrecede(RECORD, '1'), false);
    writes.wrote(RECORD, answer('2'));
    writes.wrote(RECORD, answer('3'));
    for (const version of ['1', '2']) {
      writes.delivered(RECORD, version);
      assert.equal(writes.mayPrecede(RECORD, version), true, version);
    }
    writes.delivered(RECORD, '3');
    assert.equal(writes.mayPrecede(RECORD, '3'), false);
    assert.equal(writes.mayPrecede(RECORD, '4'), false);
  });

  it('trusts a delivery of the written version', () => {
    writes.wrote(RECORD, answer('3'));
    assert.equal(writes.mayPrecede(RECORD, '3'), false);
    assert.equal(writes.mayPrecede('team-a/other', '1'), false);
  });

  it('forgets a write that a restarted watch never delivers', async () => {
    writes.wrote(RECORD, answer('3'));
    await clock.advance(60_000);
    assert.equal(writes.mayPrecede(RECORD, '5'), false);
  });

  it('keeps the answer of the last write until the watch delivers that version', async () => {
    const [second, third] = [answer('2'), answer('3')];
    const { uid } = third.object.metadata;
    writes.wrote(RECORD, second);
    writes.wrote(RECORD, third);
    assert.equal(writes.answered(RECORD, { uid, resourceVersion: '2' }), undefined);
    assert.equal(writes.answered(RECORD, { uid: 'of-another', resourceVersion: '3' }), undefined);
    assert.equal(writes.answered(RECORD, { uid, resourceVersion: '3' }), third);
    writes.delivered(RECORD, '3');
    assert.equal(writes.answered(RECORD, { uid, resourceVersion: '3' }), undefined);
    writes.wrote(RECORD, third);
    await assert.rejects(writes.certain(RECORD, Promise.reject(new Error('no answer'))));
    assert.equal(writes.answered(RECORD, { uid, resourceVersion: '3' }), undefined);
  });

  it('knows what a write under way sent, until it ends', async () => {
    const sent = answer('2').object;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const written = writes.certain(RECORD, promise, sent);
    assert.equal(writes.sent(RECORD), sent);
    resolve(undefined);
    await written;
    assert.equal(writes.sent(RECORD), undefined);
    await assert.rejects(writes.certain(RECORD, Promise.reject(new Error('no answer')), sent));
    assert.equal(writes.sent(RECORD), undefined);
  });
});
