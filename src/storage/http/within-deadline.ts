// SPDX-License-Identifier: Apache-2.0
import { withinDeadline as within } from '../../runtime/deadline.ts';
import { StorageError } from '../storage-error.ts';

export interface StorageDeadline {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** The action, for the message: "storing gs://bucket/name". */
  readonly doing: string;
}

/** End a storage call when the caller aborts (with the signal's reason) or the time is over (`BackendUnavailable`). */
export function withinDeadline<T>(
  { signal, timeoutMs, doing }: StorageDeadline,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const overdue = (cause: unknown): Error =>
    new StorageError('BackendUnavailable', `${doing} took too long; it is tried again`, { cause });
  return within({ signal, timeoutMs, overdue }, work);
}
