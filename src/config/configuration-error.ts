// SPDX-License-Identifier: Apache-2.0

/** A configuration that cannot be used. The message names the file, the fields and what must hold, and is all a user needs. */
export class ConfigurationError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConfigurationError';
  }
}
