// SPDX-License-Identifier: Apache-2.0

/** Why nothing can be signed: the part of the closed list of reasons that signers use. */
export type SigningReason =
  'KeyNotFound' | 'KeyInvalid' | 'KeyExpired' | 'SignerUnavailable' | 'SignerUnauthorized' | 'EndpointForbidden';

/**
 * A key that is missing or unusable, or a signing service that does not sign. The message names the Secret, key or service and
 * the remedy; never key material, a token, or the text of a library's error.
 */
export class SigningError extends Error {
  readonly reason: SigningReason;
  /** What the service asked for by Retry-After, in seconds. */
  readonly retryAfterSeconds?: number;

  constructor(
    reason: SigningReason,
    message: string,
    options: ErrorOptions & { readonly retryAfterSeconds?: number | undefined } = {},
  ) {
    super(message, options);
    this.name = 'SigningError';
    this.reason = reason;
    if (options.retryAfterSeconds !== undefined) this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
