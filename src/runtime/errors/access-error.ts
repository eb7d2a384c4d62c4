// SPDX-License-Identifier: Apache-2.0
import { causesOf } from './causes-of.ts';
import { ReasonedError } from './reasoned-error.ts';

/**
 * The meaning of a failed access for the caller: the configuration forbids it, the credentials do not suffice, no usable answer came,
 * or the answer cannot be taken.
 */
export type AccessFailure = 'Forbidden' | 'Unauthorized' | 'Unavailable' | 'Rejected';

/**
 * Base of the errors of everything that reaches the world: the egress client, the Kubernetes client and credentials. Each area maps
 * `failure` to a reason of its own.
 */
export abstract class AccessError<Reason extends string = string> extends ReasonedError<Reason> {
  abstract readonly failure: AccessFailure;
}

/** The access error in `error` or, where a client library wrapped it, among its causes. */
export function accessErrorIn(error: unknown): AccessError | undefined {
  return causesOf(error).find((cause) => cause instanceof AccessError);
}
