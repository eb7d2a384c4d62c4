// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AnnotationOwners } from './annotation-owners.ts';
import { RecordIndex } from './record-index.ts';
import type { RecordSummary } from '../../../records/record-summary.ts';
import { recordSummary } from '../../../records/record-summary.fixture.ts';

function summary(key: string, annotatesRun = false): RecordSummary {
  return recordSummary({ key, runUID: 'run', isHeld: true, annotatesRun });
}

describe('AnnotationOwners', () => {
  it('gives a run to the first record that claims it, and keeps it there', () => {
    const owners = new AnnotationOwners(new RecordIndex());
    assert.equal(owners.claim('run', 'a/one'), 'a/one');
    assert.equal(owners.claim('run', 'a/two'), 'a/one');
    assert.equal(owners.claim('run', 'a/one'), 'a/one');
    assert.equal(owners.claim('other-run', 'a/two'), 'a/two');
  });

  it('finds the owner after a restart in the status of the records', () => {
    const records = new RecordIndex();
    records.set(summary('a/one'));
    records.set(summary('a/two', true));
    assert.equal(new AnnotationOwners(records).claim('run', 'a/one'), 'a/two');
  });

  it('finds the owner in the index once it is settled, and keeps no claim', () => {
    const records = new RecordIndex();
    const owners = new AnnotationOwners(records);
    owners.claim('run', 'a/one');
    const settled = { ...summary('a/one', true), isSettled: true };
    records.set(settled);
    owners.settled(settled);
    assert.equal(owners.claim('run', 'a/two'), 'a/one');
    records.remove('a/one');
    assert.equal(owners.claim('run', 'a/two'), 'a/two');
  });

  it('passes a run on when its owner is gone, and lets no other record release it', () => {
    const owners = new AnnotationOwners(new RecordIndex());
    owners.claim('run', 'a/one');
    owners.release('run', 'a/two');
    assert.equal(owners.claim('run', 'a/two'), 'a/one');
    owners.release('run', 'a/one');
    assert.equal(owners.claim('run', 'a/two'), 'a/two');
  });
});
