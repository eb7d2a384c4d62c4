// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { jsonSizeBytes } from '../json/json-size.ts';
import { readRecord, type TrustedRecord } from './read-record.ts';
import { summariseRecord } from './record-summary.ts';
import { SEAL_KEY, storedEntry, storedRecord } from './stored-record.fixture.ts';

function read(object: unknown, known?: TrustedRecord): TrustedRecord {
  const record = readRecord(object, SEAL_KEY, { known: known?.object });
  assert.ok(record?.isTrusted === true);
  return record;
}

describe('the summary of a record', () => {
  it('states the size of all of its JSON, in versions that share their evidence too', () => {
    const created = read(storedRecord());
    const stored = read(storedRecord({ resourceVersion: '2', storage: [storedEntry('evidence')] }), created);
    assert.equal(stored.object.evidence, created.object.evidence);
    for (const record of [created, stored, created]) {
      assert.equal(summariseRecord(record).sizeBytes, jsonSizeBytes(record.object));
    }
    assert.ok(summariseRecord(stored).sizeBytes > summariseRecord(created).sizeBytes);
  });
});
