// SPDX-License-Identifier: Apache-2.0

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
}

/** A failed storage call. The message names host, repository or object, and the remedy; never a secret or a URL's query. */
export class StorageError extends Error {
  readonly reason: StorageReason;
  /** What the server asked for by Retry-After, in seconds. */
  readonly retryAfterSeconds?: number;

  constructor(reason: StorageReason, message: string, options: StorageErrorOptions = {}) {
    super(message, options);
    this.name = 'StorageError';
    this.reason = reason;
    if (options.retryAfterSeconds !== undefined) this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
