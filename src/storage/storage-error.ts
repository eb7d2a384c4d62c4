// SPDX-License-Identifier: Apache-2.0
import type { Location } from './driver.ts';

/** Why evidence could not be stored or read: the part of the closed list of reasons that storage uses. */
export type StorageReason =
  | 'BackendUnauthorized'
  | 'BackendUnavailable'
  | 'BackendRejected'
  | 'BackendNotReady'
  | 'EndpointForbidden'
  | 'KeyConflict'
  | 'NoSubjects'
  | 'RunDeleted';

export interface StorageErrorOptions extends ErrorOptions {
  readonly retryAfterSeconds?: number | undefined;
  readonly placed?: readonly Location[];
}

/** A failed storage call. The message names host, repository or object, and the remedy; never a secret or a URL's query. */
export class StorageError extends Error {
  readonly reason: StorageReason;
  /** What the server asked for by Retry-After, in seconds. */
  readonly retryAfterSeconds?: number;
  /** Where a part of the artifact lies all the same, for an artifact that goes to several places. */
  readonly placed: readonly Location[];

  constructor(reason: StorageReason, message: string, options: StorageErrorOptions = {}) {
    super(message, options);
    this.name = 'StorageError';
    this.reason = reason;
    this.placed = options.placed ?? [];
    if (options.retryAfterSeconds !== undefined) this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
