// SPDX-License-Identifier: Apache-2.0

/** A failure that says why in a word of a closed list, for conditions and metrics. */
abstract class ReasonedError extends Error {
  readonly reason: string;

  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.reason = reason;
  }
}

/** The user must change something: not retried until an event arrives, `Stalled=True`. */
export class StalledError extends ReasonedError {}

/** Something has to happen first: tried again after `retryAfterSeconds`, which is not a failure. */
export class WaitingError extends ReasonedError {
  readonly retryAfterSeconds: number;

  constructor(reason: string, message: string, retryAfterSeconds: number) {
    super(reason, message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
