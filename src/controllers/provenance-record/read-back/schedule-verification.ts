// SPDX-License-Identifier: Apache-2.0
import type { KeyedQueue } from '../../../runtime/queue/keyed-queue.ts';
import type { VerificationReconciler } from './verification-reconciler.ts';
import type { DeliveredStorage } from '../record-event-handler.ts';

/**
 * Schedules the read-back of a record. A scheduled one stays, with its back-off; but when one more backend stored the record and could not
 * be read back, that must not wait for the next read-back of the others, which may be a day away.
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
  // The queue keeps the earliest of several times.
  if (now.unverifiedCount > 0) queue.addAfter(now.key, seconds * 1000);
  else queue.addIdleAfter(now.key, seconds * 1000);
}
