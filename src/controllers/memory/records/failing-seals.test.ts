// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { ManualClock } from '../../../runtime/manual-clock.fixture.ts';
import { FailingSeals } from './failing-seals.ts';
import type { ForgedRecord } from '../../../records/read-record.ts';

function forged(namespace: string, index: number, sealedBy?: string): ForgedRecord {
  const identity = { namespace, name: `record-${index}`, uid: `u${index}`, resourceVersion: '1', generation: 1 };
  return {
    isTrusted: false,
    ...identity,
    why: 'its seal does not verify',
    ...(sealedBy === undefined ? {} : { sealedBy }),
  };
}

describe('FailingSeals', () => {
  let clock: ManualClock;
  let seals: FailingSeals;
  let messages: (string | undefined)[];
  let namespaces: string[];
  beforeEach(() => {
    clock = new ManualClock();
    messages = [];
    namespaces = ['team-a', 'team-b', 'team-c'];
    seals = new FailingSeals({
      clock,
      namespaces: () => namespaces,
      replaced: new Set(['lost']),
      onHold: (message) => messages.push(message),
    });
  });

  it('removes a few forged records, once a list had time to show more', async () => {
    const records = [0, 1, 2, 3, 4].map((index) => forged('team-a', index));
    assert.deepEqual(
      records.map((record) => seals.verdict(record)),
      Array(5).fill('Wait'),
    );
    await clock.advance(2000);
    assert.deepEqual(
      records.map((record) => seals.verdict(record)),
      Array(5).fill('Remove'),
    );
    assert.deepEqual([seals.problem, messages], [undefined, []]);
  });

  it('removes none when many fail at once, and reports once what to restore', async () => {
    const records = Array.from({ length: 60 }, (_, index) => forged(`team-${index % 4}`, index));
    for (const record of records) seals.note(record);
    await clock.advance(60_000);
    assert.deepEqual(new Set(records.map((record) => seals.verdict(record))), new Set(['Hold']));
    assert.equal(messages.length, 1);
    assert.match(
      seals.problem ?? '',
      /seals of 60 records do not verify, in 4 namespaces .*Restore Secret hallmark-seal, or the CRDs/,
    );
    assert.equal(
      seals.heldCount(() => true),
      60,
    );
  });

  it('removes forged records elsewhere while one namespace is full of them', async () => {
    for (let index = 0; index < 50; index += 1) seals.note(forged('team-a', index));
    const other = forged('team-b', 99);
    seals.note(other);
    await clock.advance(2000);
    assert.deepEqual([seals.verdict(forged('team-a', 7)), seals.verdict(other)], ['Hold', 'Remove']);
    for (let index = 0; index < 50; index += 1) seals.forget(`team-a/record-${index}`);
    assert.equal(messages.length, 2);
    assert.equal(messages.at(-1), undefined);
  });

  it('counts later failures separately from judged ones', async () => {
    for (let index = 0; index < 20; index += 1) {
      assert.equal(seals.verdict(forged('team-a', index)), 'Wait');
      await clock.advance(2000);
      assert.equal(seals.verdict(forged('team-a', index)), 'Remove');
    }
  });

  it("never removes another operator's record, and reports it", async () => {
    const record = forged('team-a', 1, 'other');
    seals.note(record);
    await clock.advance(60_000);
    assert.equal(seals.verdict(record), 'Hold');
    assert.match(seals.problem ?? '', /key id other.*Let only one operator work/);
    seals.forget('team-a/record-1');
    assert.equal(seals.problem, undefined);
  });

  for (const [what, sealedBy] of [
    ['no key', undefined],
    ['a key that nobody has', 'planted'],
  ] as const) {
    it(`makes the operator not ready where most namespaces are concerned, and no team can alone: ${what}`, () => {
      for (let index = 0; index < 50; index += 1) seals.note(forged('team-a', index, sealedBy));
      assert.notEqual(seals.problem, undefined, 'it is reported all the same');
      assert.equal(seals.commonProblem, undefined);
      for (let index = 50; index < 60; index += 1) seals.note(forged('team-b', index, sealedBy));
      assert.equal(seals.commonProblem, seals.problem);
      namespaces.push('team-d');
      assert.equal(seals.commonProblem, undefined);
    });
  }

  it('removes all records of a key that is given up', () => {
    const records = Array.from({ length: 60 }, (_, index) => forged(`team-${index % 4}`, index, 'lost'));
    assert.deepEqual(new Set(records.map((record) => seals.verdict(record))), new Set(['Remove']));
    assert.equal(seals.problem, undefined);
  });

  it('removes none once the API server stored something else than was sent', async () => {
    seals.storedOtherwise('team-a/record-0');
    const record = forged('team-b', 1);
    seals.note(record);
    await clock.advance(60_000);
    assert.equal(seals.verdict(record), 'Hold');
    assert.match(seals.problem ?? '', /stored ProvenanceRecord team-a\/record-0 differently from what was sent/);
    assert.equal(seals.commonProblem, seals.problem);
  });
});
