// SPDX-License-Identifier: Apache-2.0

/** Why the egress gave no response: refused by the rules, nobody answered (in time), or more came than was asked for. */
export type EgressErrorCode = 'EndpointForbidden' | 'Unreachable' | 'Timeout' | 'ResponseTooLarge' | 'RedirectRefused';

/** A request without a response. The message names the URL without its query, and what to do; never a header. */
export class EgressError extends Error {
  readonly code: EgressErrorCode;

  constructor(code: EgressErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EgressError';
    this.code = code;
  }
}
