// SPDX-License-Identifier: Apache-2.0
import { ReasonedError, type ReasonedErrorOptions } from '../runtime/reasoned-error.ts';
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

export interface StorageErrorOptions extends ReasonedErrorOptions {
  readonly placed?: readonly Location[];
}

/** A failed storage call. The message names host, repository or object, and the remedy; never a secret or a URL's query. */
export class StorageError extends ReasonedError<StorageReason> {
  /** Where a part of the artifact is stored all the same, for an artifact that goes to several places. */
  readonly placed: readonly Location[];

  constructor(reason: StorageReason, message: string, options: StorageErrorOptions = {}) {
    super(reason, message, options);
    this.placed = options.placed ?? [];
  }
}
