// SPDX-License-Identifier: Apache-2.0
import { StorageError } from '../storage-error.ts';

export interface DeadlineOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** What is done, for the message: "storing gs://bucket/name". */
  readonly doing: string;
}

/**
 * Work that ends when the caller aborts (with the signal's reason) or the time is over (`BackendUnavailable`), whether or not the
 * client library in it heeds the signal.
 */
export async function withinDeadline<T>(
  { signal, timeoutMs, doing }: DeadlineOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const deadline = AbortSignal.timeout(timeoutMs);
  const either = AbortSignal.any([signal, deadline]);
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const end = (): void => {
    reject(either.reason);
  };
  either.addEventListener('abort', end, { once: true });
  try {
    return await Promise.race([work(either), ended]);
  } catch (error) {
    signal.throwIfAborted();
    if (!deadline.aborted) throw error;
    throw new StorageError('BackendUnavailable', `${doing} took too long; it is tried again`, { cause: error });
  } finally {
    either.removeEventListener('abort', end);
  }
}
