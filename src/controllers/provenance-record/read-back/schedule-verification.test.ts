// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exponentialBackoff } from '../../../runtime/queue/backoff.ts';
import { KeyedQueue } from '../../../runtime/queue/keyed-queue.ts';
import { ManualClock } from '../../../runtime/manual-clock.fixture.ts';
import type { RecordSummary } from '../../../records/record-summary.ts';
import { recordSummary } from '../../../records/record-summary.fixture.ts';
import { scheduleVerification } from './schedule-verification.ts';

const DAY_SECONDS = 86_400;
const SOON_SECONDS = 30;
const looks = { secondsUntilFirst: (isVerified: boolean) => (isVerified ? DAY_SECONDS : SOON_SECONDS) };
const nothingStored = recordSummary();
const verified = { ...nothingStored, isHeld: true };
const unread = { ...verified, unverifiedCount: 1 };

/** The seconds until the read-back of a record delivered in these versions, one after the other; undefined for never. */
async function lookAfter(...versions: readonly RecordSummary[]): Promise<number | undefined> {
  const clock = new ManualClock();
  const queue = new KeyedQueue({ clock, backoff: exponentialBackoff({ minMs: 1, maxMs: 1 }) });
  versions.forEach((now, index) => {
    scheduleVerification(queue, looks, { unverifiedBefore: versions[index - 1]?.unverifiedCount ?? 0, now });
  });
  let taken: string | undefined;
  const taking = queue.take().then((key) => (taken = key));
  let seconds: number | undefined;
  for (const passed of [SOON_SECONDS, DAY_SECONDS]) {
    await clock.advance(passed * 1000);
    if (taken === undefined) continue;
    seconds = passed;
    break;
  }
  queue.close();
  await taking;
  return seconds;
}

describe('scheduleVerification', () => {
  it('schedules nothing for a record that no backend holds', async () => {
    assert.equal(await lookAfter(nothingStored), undefined);
  });

  it('reads back soon what was not verified, and within the interval what was', async () => {
    assert.equal(await lookAfter(nothingStored, unread), SOON_SECONDS);
    assert.equal(await lookAfter(unread), SOON_SECONDS);
    assert.equal(await lookAfter(nothingStored, verified), DAY_SECONDS);
  });

  it('reads one more backend back soon, and not with the others', async () => {
    assert.equal(await lookAfter(nothingStored, verified, unread), SOON_SECONDS);
  });

  it('keeps a scheduled read-back where its back-off put it', () => {
    const planned: number[] = [];
    const add = (_key: string, delayMs: number): unknown => planned.push(delayMs);
    const queue = { has: () => true, addAfter: add, addIdleAfter: add };
    scheduleVerification(queue, looks, { unverifiedBefore: 1, now: unread });
    scheduleVerification(queue, looks, { unverifiedBefore: 0, now: verified });
    assert.deepEqual(planned, []);
  });

  it('reads one more backend back soon while another waits for the end of its back-off', () => {
    const planned: number[] = [];
    const add = (_key: string, delayMs: number): unknown => planned.push(delayMs);
    const queue = { has: () => true, addAfter: add, addIdleAfter: add };
    scheduleVerification(queue, looks, { unverifiedBefore: 1, now: { ...unread, unverifiedCount: 2 } });
    assert.deepEqual(planned, [SOON_SECONDS * 1000]);
  });
});
