// SPDX-License-Identifier: Apache-2.0
import { abortable } from './abortable.ts';
import type { Clock } from './clock.ts';

export interface DeadlineOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** The error for work that takes longer. `cause` is its failure after the deadline. */
  readonly overdue: (cause: unknown) => Error;
}

/**
 * Ends work when the caller aborts (with the signal's reason) or the time is over, even if the client library in it ignores its
 * signal.
 */
export async function withinDeadline<T>(
  { signal, timeoutMs, overdue }: DeadlineOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const deadline = AbortSignal.timeout(timeoutMs);
  const either = AbortSignal.any([signal, deadline]);
  try {
    return await abortable(work(either), either);
  } catch (error) {
    signal.throwIfAborted();
    throw deadline.aborted ? overdue(error) : error;
  }
}

/** Waits until the work settles, but no longer than `ms`. @returns true when it is still under way */
export async function outlasts(work: Promise<unknown>, ms: number, clock: Clock): Promise<boolean> {
  const over = new AbortController();
  const settled = work.then(
    () => false,
    () => false,
  );
  const slow = clock.sleep(ms, over.signal).then(
    () => true,
    () => false,
  );
  const isSlow = await Promise.race([settled, slow]);
  over.abort();
  return isSlow;
}
