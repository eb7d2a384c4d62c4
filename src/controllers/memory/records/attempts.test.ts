// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exponentialBackoff } from '../../../runtime/queue/backoff.ts';
import { ManualClock } from '../../../runtime/manual-clock.fixture.ts';
import type { RecordKey } from '../../../records/record-key.ts';
import { type AttemptKey, Attempts } from './attempts.ts';

const RECORD = 'team-a/bake-1';
const store = (name: string, record: RecordKey = RECORD): AttemptKey => ({
  of: 'Store',
  record,
  backend: { kind: 'StorageBackend', name },
});

function attempts(): { clock: ManualClock; book: Attempts } {
  const clock = new ManualClock();
  const backoff = exponentialBackoff({ minMs: 1000, maxMs: 8000, jitter: 0 });
  return { clock, book: new Attempts(clock, backoff) };
}

describe('Attempts', () => {
  it('lengthens the back-off of a backend with each failure, for each backend separately', async () => {
    const { clock, book } = attempts();
    book.failed(store('a'));
    assert.equal(book.isDue(store('a')), false);
    assert.equal(book.isDue(store('b')), true);
    assert.equal(book.isDue(store('a', 'team-a/other')), true);
    await clock.advance(1000);
    assert.equal(book.isDue(store('a')), true);
    book.failed(store('a'));
    await clock.advance(1000);
    assert.equal(book.isDue(store('a')), false);
    await clock.advance(1000);
    assert.equal(book.isDue(store('a')), true);
  });

  it('obeys a server that asks for a longer wait than the back-off', () => {
    const { book } = attempts();
    book.failed(store('a'), 60);
    assert.equal(book.secondsUntilDue([store('a')]), 60);
  });

  it('knows when the first of the backends is due, and ignores others', async () => {
    const { clock, book } = attempts();
    book.failed(store('slow'), 60);
    book.failed(store('fast'));
    assert.equal(book.secondsUntilDue([store('slow'), store('fast')]), 1);
    assert.equal(book.secondsUntilDue([store('slow')]), 60);
    assert.equal(book.secondsUntilDue([]), undefined);
    await clock.advance(90_000);
    assert.equal(book.secondsUntilDue([store('slow')]), 0);
    assert.equal(book.secondsUntilDue([store('made since')]), undefined);
  });

  it('keeps the witnesses of a policy apart from those of its records', () => {
    const { book } = attempts();
    const policy = { kind: 'SigningPolicy', namespace: 'team-a', name: 'builds' } as const;
    book.failed({ of: 'PolicyWitnesses', policy });
    assert.equal(book.isDue({ of: 'PolicyWitnesses', policy }), false);
    assert.equal(book.isDue({ of: 'Witness', record: RECORD }), true);
    book.failed({ of: 'Witness', record: RECORD });
    book.forget(RECORD);
    assert.equal(book.isDue({ of: 'Witness', record: RECORD }), true);
    assert.equal(book.isDue({ of: 'PolicyWitnesses', policy }), false);
  });

  it('starts again after a success, and after the record is forgotten', () => {
    const { book } = attempts();
    const ends = [
      (): void => {
        book.reset(store('a'));
      },
      (): void => {
        book.forget(RECORD);
      },
    ];
    for (const end of ends) {
      book.failed(store('a'));
      book.failed(store('a'));
      end();
      assert.equal(book.isDue(store('a')), true);
      book.failed(store('a'));
      assert.equal(book.secondsUntilDue([store('a')]), 1);
      book.forget(RECORD);
    }
  });
});
