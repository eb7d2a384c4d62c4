// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Ledger, type Obligation, type SeenRecord } from './ledger.ts';

const digest = 'a'.repeat(64);

function owed(run: string, mayRetire = false): Obligation {
  return { namespace: 'team-a', run, uid: uidOf(run), policy: 'builds', imageDigest: digest, mayRetire };
}

/** A UID that belongs to a name. */
function uidOf(name: string): string {
  return `uid-of-${name}`;
}

function record(run: string, changes: Partial<SeenRecord> = {}): SeenRecord {
  return {
    ...{ uid: uidOf(`record-${run}`), runUID: uidOf(run), policy: 'builds', signature: 'c2lnbmF0dXJl' },
    ...{ isReady: true, isVerified: true, why: 'Stored: so it is', ...changes },
  };
}

const pending = { isReady: false, isVerified: false, why: 'Progressing: so it is' } as const;

describe('the ledger of a soak', () => {
  it('has no differences when each run has one record that is stored and verified', () => {
    const ledger = new Ledger();
    ledger.seen(record('one'));
    ledger.owe(owed('one'));
    ledger.owe(owed('two'));
    ledger.seen(record('two', pending));
    ledger.seen(record('two'));
    assert.deepEqual(ledger.differences(), []);
    assert.deepEqual(ledger.totals(), { owed: 2, recorded: 2, signed: 2, stored: 2, retired: 0, lost: 0, double: 0 });
  });

  it('names a run without a record', () => {
    const ledger = new Ledger();
    ledger.owe(owed('one'));
    assert.deepEqual(ledger.differences(), ['team-a/one by builds: lost, no record was ever seen']);
    assert.equal(ledger.totals().lost, 1);
  });

  it('names a record that is gone, unless its policy retires what is stored', () => {
    const ledger = new Ledger();
    ledger.owe(owed('one'));
    ledger.owe(owed('two', true));
    for (const run of ['one', 'two']) {
      ledger.seen(record(run));
      ledger.gone(record(run));
    }
    assert.deepEqual(ledger.differences(), ['team-a/one by builds: lost, its record is gone']);
    assert.equal(ledger.totals().retired, 2);
  });

  it('names a record that was retired before it was stored', () => {
    const ledger = new Ledger();
    ledger.owe(owed('one', true));
    ledger.seen(record('one', pending));
    ledger.gone(record('one'));
    assert.equal(ledger.totals().lost, 1);
  });

  it('names a run that was signed twice, in one record or in two', () => {
    const ledger = new Ledger();
    for (const run of ['one', 'two']) {
      ledger.owe(owed(run));
      ledger.seen(record(run));
    }
    ledger.seen(record('one', { signature: 'YW5vdGhlcg==' }));
    ledger.seen(record('two', { uid: uidOf('other') }));
    assert.deepEqual(ledger.differences(), [
      'team-a/one by builds: 1 records and 2 signatures',
      'team-a/two by builds: 2 records and 1 signatures',
    ]);
    assert.equal(ledger.totals().double, 2);
  });

  it('says why a record is not stored', () => {
    const ledger = new Ledger();
    ledger.owe(owed('one'));
    ledger.seen(record('one', pending));
    assert.deepEqual(ledger.differences(), ['team-a/one by builds: not stored and verified, Progressing: so it is']);
  });
});
