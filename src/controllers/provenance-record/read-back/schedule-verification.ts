// SPDX-License-Identifier: Apache-2.0
import type { KeyedQueue } from '../../../runtime/keyed-queue.ts';
import type { RecordSummary } from '../../../records/record-summary.ts';
import type { VerificationReconciler } from './verification-reconciler.ts';

/** What a record that the watch delivers holds in backends. */
export interface DeliveredStorage {
  /** How many backends the delivery before left unverified. */
  readonly unverifiedBefore: number;
  readonly now: RecordSummary;
}

/**
 * Has what is stored of a record looked at in time. A look that is planned already stays, with its back-off; but what one more backend
 * took and could not be read back is not to wait for the next look at the others, which may be a day away.
 */
export function scheduleVerification(
  queue: Pick<KeyedQueue, 'has' | 'addAfter' | 'addIdleAfter'>,
  verification: Pick<VerificationReconciler, 'secondsUntilFirst'>,
  { unverifiedBefore, now }: DeliveredStorage,
): void {
  if (!now.isHeld) return;
  const isNews = now.unverifiedCount > unverifiedBefore;
  if (!isNews && queue.has(now.key)) return;
  const seconds = verification.secondsUntilFirst(now.unverifiedCount === 0);
  if (seconds === undefined) return;
  // Of several times the queue keeps the earliest.
  if (now.unverifiedCount > 0) queue.addAfter(now.key, seconds * 1000);
  else queue.addIdleAfter(now.key, seconds * 1000);
}
