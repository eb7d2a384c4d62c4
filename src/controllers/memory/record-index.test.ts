// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RecordIndex } from './record-index.ts';
import { recordSummary, settledSummary } from '../../records/record-summary.fixture.ts';

const open = recordSummary();
const { key } = open;

describe('RecordIndex', () => {
  it('knows which records need more than retirement', () => {
    const records = new RecordIndex();
    records.set(open);
    records.set(settledSummary({ key: 'team-a/settled' }));
    assert.deepEqual(
      [...records.open()].map((record) => record.key),
      [key],
    );
    records.set(settledSummary({ key }));
    assert.deepEqual([...records.open()], []);
    records.set(open);
    records.remove(key);
    assert.deepEqual([...records.open()], []);
  });

  it('does not return to an own write once the watch delivered a newer version', () => {
    const records = new RecordIndex();
    records.set({ ...open, resourceVersion: '4' });
    records.setWritten({ ...open, resourceVersion: '3' }, '2');
    assert.equal(records.get(key)?.resourceVersion, '4');
    records.setWritten({ ...open, resourceVersion: '5' }, '4');
    assert.equal(records.get(key)?.resourceVersion, '5');
  });

  it('follows a record that changes its run', () => {
    const records = new RecordIndex();
    records.set({ ...open, runUID: 'first' });
    records.set({ ...open, runUID: 'second' });
    assert.deepEqual([records.ofRun('first'), records.ofRun('second')], [[], [key]]);
    records.remove(key);
    assert.deepEqual(records.ofRun('second'), []);
  });

  it('adds up the sizes of the records that are there', () => {
    const records = new RecordIndex();
    records.set({ ...open, resourceVersion: '1', sizeBytes: 5000 });
    records.set(settledSummary({ key: 'team-a/settled', sizeBytes: 700 }));
    assert.equal(records.sizeBytes, 5700);
    records.setWritten({ ...open, resourceVersion: '2', sizeBytes: 6000 }, '1');
    records.setWritten({ ...open, resourceVersion: '2', sizeBytes: 9999 }, '1');
    assert.equal(records.sizeBytes, 6700);
    records.remove(key);
    records.remove(key);
    assert.equal(records.sizeBytes, 700);
  });

  it('marks no retirement of a record that is gone', () => {
    const records = new RecordIndex();
    records.setRetiring(key, true);
    assert.equal(records.isRetiring(key), false);
  });
});
