// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exponentialBackoff } from '../../runtime/backoff.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { StoreAttempts } from './store-attempts.ts';

const RECORD = 'team-a/bake-1';

function attempts(): { clock: ManualClock; book: StoreAttempts } {
  const clock = new ManualClock();
  const backoff = exponentialBackoff({ minMs: 1000, maxMs: 8000, jitter: 0 });
  return { clock, book: new StoreAttempts(clock, backoff) };
}

const A = 'StorageBackend/team-a/a';
const B = 'StorageBackend/team-a/b';
const SLOW = 'StorageBackend/team-a/slow';
const FAST = 'StorageBackend/team-a/fast';

describe('StoreAttempts', () => {
  it('has a backend wait longer with each failure, and each backend by itself', async () => {
    const { clock, book } = attempts();
    book.failed(RECORD, A);
    assert.equal(book.isDue(RECORD, A), false);
    assert.equal(book.isDue(RECORD, B), true);
    assert.equal(book.isDue('team-a/other', A), true);
    await clock.advance(1000);
    assert.equal(book.isDue(RECORD, A), true);
    book.failed(RECORD, A);
    await clock.advance(1000);
    assert.equal(book.isDue(RECORD, A), false);
    await clock.advance(1000);
    assert.equal(book.isDue(RECORD, A), true);
  });

  it('obeys a server that asks for a longer wait than the back-off', () => {
    const { book } = attempts();
    book.failed(RECORD, A, 60);
    assert.equal(book.secondsUntilDue(RECORD, [A]), 60);
  });

  it('tells when the first of the backends is due, and nothing of one that is gone', async () => {
    const { clock, book } = attempts();
    book.failed(RECORD, SLOW, 60);
    book.failed(RECORD, FAST);
    assert.equal(book.secondsUntilDue(RECORD, [SLOW, FAST]), 1);
    assert.equal(book.secondsUntilDue(RECORD, [SLOW]), 60);
    assert.equal(book.secondsUntilDue(RECORD, []), undefined);
    await clock.advance(90_000);
    assert.equal(book.secondsUntilDue(RECORD, [SLOW]), 0);
    assert.equal(book.secondsUntilDue(RECORD, ['StorageBackend/team-a/made-since']), undefined);
  });

  it('begins anew after a success, and after the record is forgotten', () => {
    const { book } = attempts();
    const ends = [
      (): void => {
        book.succeeded(RECORD, A);
      },
      (): void => {
        book.forget(RECORD);
      },
    ];
    for (const end of ends) {
      book.failed(RECORD, A);
      book.failed(RECORD, A);
      end();
      assert.equal(book.isDue(RECORD, A), true);
      book.failed(RECORD, A);
      assert.equal(book.secondsUntilDue(RECORD, [A]), 1);
      book.forget(RECORD);
    }
  });
});
