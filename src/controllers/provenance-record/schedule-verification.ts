// SPDX-License-Identifier: Apache-2.0
import type { KeyedQueue } from '../../runtime/keyed-queue.ts';
import type { RecordSummary } from './record-index.ts';
import type { VerificationReconciler } from './verification-reconciler.ts';

/** A record that was just heard of, and what was known of it before. */
export interface HeardRecord {
  readonly before: RecordSummary | undefined;
  readonly now: RecordSummary;
}

/**
 * Has what is stored of a record looked at in time. A look that is planned already stays, with its back-off; but what one more backend
 * took and could not be read back is not to wait for the next look at the others, which may be a day away.
 */
export function scheduleVerification(
  queue: Pick<KeyedQueue, 'has' | 'addAfter'>,
  verification: Pick<VerificationReconciler, 'secondsUntilFirst'>,
  { before, now }: HeardRecord,
): void {
  if (!now.isHeld) return;
  const isNews = !now.isVerified && before?.isVerified !== false;
  if (!isNews && queue.has(now.key)) return;
  const seconds = verification.secondsUntilFirst(now.isVerified);
  // Of several times the queue keeps the earliest.
  if (seconds !== undefined) queue.addAfter(now.key, seconds * 1000);
}
