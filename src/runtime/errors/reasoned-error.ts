// SPDX-License-Identifier: Apache-2.0

export interface ReasonedErrorOptions extends ErrorOptions {
  readonly retryAfterSeconds?: number | undefined;
}

/** A failure with a reason from a closed list, for conditions, metrics and callers. The message names the object and the remedy. */
export abstract class ReasonedError<Reason extends string> extends Error {
  readonly reason: Reason;
  /** Seconds until the next attempt: as a server asked for by Retry-After, or as long as the failure is sure to last. */
  readonly retryAfterSeconds?: number;

  constructor(reason: Reason, message: string, options: ReasonedErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.reason = reason;
    if (options.retryAfterSeconds !== undefined) this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
