// SPDX-License-Identifier: Apache-2.0

/** A key that is missing or unusable. The message names the Secret, the entry and the remedy; never key material. */
export class SigningError extends Error {
  readonly reason: 'KeyNotFound' | 'KeyInvalid';

  constructor(reason: 'KeyNotFound' | 'KeyInvalid', message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SigningError';
    this.reason = reason;
  }
}
