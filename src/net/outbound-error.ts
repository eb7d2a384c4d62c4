// SPDX-License-Identifier: Apache-2.0

/** Why the door gave no response: refused by the rules, nobody answered (in time), or more came than was asked for. */
export type OutboundErrorCode =
  'EndpointForbidden' | 'Unreachable' | 'Timeout' | 'ResponseTooLarge' | 'RedirectRefused';

/** A request without a response. The message names the URL without its query, and what to do; never a header. */
export class OutboundError extends Error {
  readonly code: OutboundErrorCode;

  constructor(code: OutboundErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OutboundError';
    this.code = code;
  }
}
