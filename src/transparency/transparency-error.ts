// SPDX-License-Identifier: Apache-2.0

/** Why a signature was not witnessed: the part of the closed list of reasons that logs and timestamp authorities use. */
export type TransparencyReason =
  'TransparencyLogUnavailable' | 'TimestampAuthorityUnavailable' | 'EndpointForbidden' | 'VerificationFailed';

/** A log or timestamp authority that gave nothing, or nothing that counts. The message names it and the remedy. */
export class TransparencyError extends Error {
  readonly reason: TransparencyReason;
  /** What the server asked for by Retry-After, in seconds. */
  readonly retryAfterSeconds?: number;

  constructor(
    reason: TransparencyReason,
    message: string,
    options: ErrorOptions & { readonly retryAfterSeconds?: number | undefined } = {},
  ) {
    super(message, options);
    this.name = 'TransparencyError';
    this.reason = reason;
    if (options.retryAfterSeconds !== undefined) this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
