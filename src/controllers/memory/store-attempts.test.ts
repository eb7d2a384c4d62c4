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

describe('StoreAttempts', () => {
  it('has a backend wait longer with each failure, and each backend by itself', async () => {
    const { clock, book } = attempts();
    book.failed(RECORD, 'a');
    assert.equal(book.isDue(RECORD, 'a'), false);
    assert.equal(book.isDue(RECORD, 'b'), true);
    assert.equal(book.isDue('team-a/other', 'a'), true);
    await clock.advance(1000);
    assert.equal(book.isDue(RECORD, 'a'), true);
    book.failed(RECORD, 'a');
    await clock.advance(1000);
    assert.equal(book.isDue(RECORD, 'a'), false);
    await clock.advance(1000);
    assert.equal(book.isDue(RECORD, 'a'), true);
  });

  it('obeys a server that asks for a longer wait than the back-off', () => {
    const { book } = attempts();
    book.failed(RECORD, 'a', 60);
    assert.equal(book.secondsUntilDue(RECORD, ['a']), 60);
  });

  it('tells when the first of the backends is due, and nothing of one that is gone', async () => {
    const { clock, book } = attempts();
    book.failed(RECORD, 'slow', 60);
    book.failed(RECORD, 'fast');
    assert.equal(book.secondsUntilDue(RECORD, ['slow', 'fast']), 1);
    assert.equal(book.secondsUntilDue(RECORD, ['slow']), 60);
    assert.equal(book.secondsUntilDue(RECORD, []), undefined);
    await clock.advance(90_000);
    assert.equal(book.secondsUntilDue(RECORD, ['slow']), 0);
    assert.equal(book.secondsUntilDue(RECORD, ['made since']), undefined);
  });

  it('begins anew after a success, and after the record is forgotten', () => {
    const { book } = attempts();
    const ends = [
      (): void => {
        book.succeeded(RECORD, 'a');
      },
      (): void => {
        book.forget(RECORD);
      },
    ];
    for (const end of ends) {
      book.failed(RECORD, 'a');
      book.failed(RECORD, 'a');
      end();
      assert.equal(book.isDue(RECORD, 'a'), true);
      book.failed(RECORD, 'a');
      assert.equal(book.secondsUntilDue(RECORD, ['a']), 1);
      book.forget(RECORD);
    }
  });
});
