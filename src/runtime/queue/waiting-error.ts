// SPDX-License-Identifier: Apache-2.0
import { ReasonedError } from '../errors/reasoned-error.ts';

/** Something has to happen first: the controller tries again after `retryAfterSeconds`, and it is not a failure. */
export class WaitingError extends ReasonedError<string> {
  override readonly retryAfterSeconds: number;

  constructor(reason: string, message: string, retryAfterSeconds: number) {
    super(reason, message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
