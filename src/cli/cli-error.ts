// SPDX-License-Identifier: Apache-2.0

/** Verification could not start or finish, so it says nothing about the evidence. Exit code 3. */
export class UncheckedError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UncheckedError';
  }
}

/** The command line is wrong. Exit code 2. */
export class UsageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UsageError';
  }
}
