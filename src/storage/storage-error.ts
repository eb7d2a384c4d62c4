// SPDX-License-Identifier: Apache-2.0
import { ReasonedError, type ReasonedErrorOptions } from '../runtime/errors/reasoned-error.ts';
import type { Location } from './stored-evidence.ts';

/** The reasons of the closed list that storage uses. */
export type StorageReason =
  | 'BackendUnauthorized'
  | 'BackendUnavailable'
  | 'BackendRejected'
  | 'BackendNotReady'
  | 'EndpointForbidden'
  | 'KeyConflict'
  | 'NoSubjects'
  | 'RunDeleted';

export interface StorageErrorOptions extends ReasonedErrorOptions {
  readonly locations?: readonly Location[];
}

/** A failed storage call. The message names host, repository or object, and the remedy; never a secret or a URL's query. */
export class StorageError extends ReasonedError<StorageReason> {
  /** The locations that were written before the failure, for an artifact that goes to several. */
  readonly locations: readonly Location[];

  constructor(reason: StorageReason, message: string, options: StorageErrorOptions = {}) {
    super(reason, message, options);
    this.locations = options.locations ?? [];
  }
}
