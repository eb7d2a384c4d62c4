// SPDX-License-Identifier: Apache-2.0
import { AccessError, type AccessFailure } from '../runtime/errors/access-error.ts';

/** The reason why the egress client has no response: the rules forbid it, no server answers (in time), or the answer breaks its limits. */
export type EgressReason = 'EndpointForbidden' | 'Unreachable' | 'Timeout' | 'ResponseTooLarge' | 'RedirectRefused';

const failures: Readonly<Record<EgressReason, AccessFailure>> = {
  EndpointForbidden: 'Forbidden',
  Unreachable: 'Unavailable',
  Timeout: 'Unavailable',
  ResponseTooLarge: 'Rejected',
  RedirectRefused: 'Rejected',
};

/** A request without a response. The message names the URL without its query, and what to do; never a header. */
export class EgressError extends AccessError<EgressReason> {
  get failure(): AccessFailure {
    return failures[this.reason];
  }
}
