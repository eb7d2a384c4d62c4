// SPDX-License-Identifier: Apache-2.0
import type { SignerCheck } from './signing-source.ts';

/** Why nothing can be signed: the part of the closed list of reasons that signers use. */
export type SigningReason =
  'KeyNotFound' | 'KeyInvalid' | 'KeyExpired' | 'SignerUnavailable' | 'SignerUnauthorized' | 'EndpointForbidden';

/**
 * A key that is missing or unusable, or a signing service that does not sign. The message names the Secret, key or service and
 * the remedy; never key material, a token, or the text of a library's error.
 */
export class SigningError extends Error {
  readonly reason: SigningReason;
  /** When to try again: what the service asked for by Retry-After, or how long it takes for sure. */
  readonly retryAfterSeconds?: number;
  /** What evidence verifies with all the same. */
  readonly published?: Pick<SignerCheck, 'active' | 'retired'>;

  constructor(
    reason: SigningReason,
    message: string,
    options: ErrorOptions & {
      readonly retryAfterSeconds?: number | undefined;
      readonly published?: Pick<SignerCheck, 'active' | 'retired'>;
    } = {},
  ) {
    super(message, options);
    this.name = 'SigningError';
    this.reason = reason;
    if (options.retryAfterSeconds !== undefined) this.retryAfterSeconds = options.retryAfterSeconds;
    if (options.published !== undefined) this.published = options.published;
  }
}
