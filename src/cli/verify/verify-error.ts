// SPDX-License-Identifier: Apache-2.0

/** Something needed for verifying could not be read or reached: nothing is said about the evidence. Exit code 3. */
export class UncheckedError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UncheckedError';
  }
}

/** What was asked for makes no sense. Exit code 2. */
export class UsageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UsageError';
  }
}
