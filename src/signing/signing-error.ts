// SPDX-License-Identifier: Apache-2.0
import { ReasonedError, type ReasonedErrorOptions } from '../runtime/errors/reasoned-error.ts';
import type { PublishedKeys } from './verification-key.ts';

/** The reasons why nothing can be signed: the part of the closed list that signers use. */
export type SigningReason =
  'KeyNotFound' | 'KeyInvalid' | 'KeyExpired' | 'SignerUnavailable' | 'SignerUnauthorized' | 'EndpointForbidden';

export interface SigningErrorOptions extends ReasonedErrorOptions {
  readonly published?: PublishedKeys;
}

/**
 * A key that is missing or unusable, or a signing service that does not sign. The message names the Secret, key or service and
 * the remedy; never key material, a token, or the text of a library's error.
 */
export class SigningError extends ReasonedError<SigningReason> {
  /** The keys that evidence verifies with all the same. */
  readonly published?: PublishedKeys;

  constructor(reason: SigningReason, message: string, options: SigningErrorOptions = {}) {
    super(reason, message, options);
    if (options.published !== undefined) this.published = options.published;
  }
}
