// SPDX-License-Identifier: Apache-2.0
export type PayloadErrorReason = 'PayloadInvalid' | 'PayloadTooLarge';

/**
 * A run that cannot be stated: the only error that reading a run and building its payloads throws. The message names the
 * place in the run and what must hold there.
 */
export class PayloadError extends Error {
  override readonly name = 'PayloadError';
  readonly reason: PayloadErrorReason;

  constructor(reason: PayloadErrorReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
