// SPDX-License-Identifier: Apache-2.0

/** Evidence that cannot be read back: damaged, not what its fields claim, or past a size limit. */
export class EvidenceError extends Error {
  readonly reason: 'PayloadInvalid' | 'PayloadTooLarge';

  constructor(reason: 'PayloadInvalid' | 'PayloadTooLarge', message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EvidenceError';
    this.reason = reason;
  }
}
