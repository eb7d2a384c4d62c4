// SPDX-License-Identifier: Apache-2.0

const TEXTS = {
  ENOTFOUND: 'has no address: check the spelling, and the search domains of the pod',
  ESERVFAIL: 'cannot be resolved: its name server failed',
  ETIMEOUT: 'was not resolved in time: its name server is slow or away',
} as const;

/** A name without an address. `code` as that of node:dns. */
export class LookupError extends Error {
  readonly code: keyof typeof TEXTS;
  readonly hostname: string;

  constructor(code: keyof typeof TEXTS, hostname: string, options?: ErrorOptions) {
    super(`the name "${hostname}" ${TEXTS[code]}`, options);
    this.name = 'LookupError';
    this.code = code;
    this.hostname = hostname;
  }
}
