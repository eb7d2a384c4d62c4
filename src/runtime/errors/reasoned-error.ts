// SPDX-License-Identifier: Apache-2.0

export interface ReasonedErrorOptions extends ErrorOptions {
  readonly retryAfterSeconds?: number | undefined;
}

/** A failure with a reason from a closed list, for conditions, metrics and callers. The message names the object and the remedy. */
export abstract class ReasonedError<Reason extends string> extends Error {
  readonly reason: Reason;
  /** When to try again, in seconds: what a server asked for by Retry-After, or how long the failure lasts for sure. */
  readonly retryAfterSeconds?: number;

  constructor(reason: Reason, message: string, options: ReasonedErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.reason = reason;
    if (options.retryAfterSeconds !== undefined) this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
