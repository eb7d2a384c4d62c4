// SPDX-License-Identifier: Apache-2.0
import { displayUrl } from '../net/display-url.ts';
import type { EgressResponse } from '../net/egress-client.ts';
import { EgressError } from '../net/egress-error.ts';
import { retryAfterSeconds } from '../net/retry-after.ts';
import { TransparencyError, type TransparencyReason } from './transparency-error.ts';
import { VerificationFailure } from '../verify/verification-failure.ts';

/** Who was asked, and what it is called when it does not answer. */
export interface WitnessName {
  /** "log https://…", for messages. */
  readonly text: string;
  readonly unavailable: TransparencyReason & ('TransparencyLogUnavailable' | 'TimestampAuthorityUnavailable');
}

/** What a failure on the way to a testimony means. Text of errors that are not ours is left out. */
export function witnessFailure(error: unknown, { text, unavailable }: WitnessName): TransparencyError {
  if (error instanceof TransparencyError) return error;
  if (error instanceof EgressError) {
    const reason = error.failure === 'Forbidden' ? 'EndpointForbidden' : unavailable;
    return new TransparencyError(reason, error.message, { cause: error });
  }
  if (error instanceof VerificationFailure) {
    const message = `the ${text} gave something that does not verify against spec.trustedRoot: ${error.message}`;
    return new TransparencyError('VerificationFailed', message, { cause: error });
  }
  return new TransparencyError(unavailable, `the ${text} gave an answer that is not understood`, { cause: error });
}

/** An answer that is no testimony. What the server says to it stays out: anybody can have written it. */
export function witnessRefusal({ status, headers, url }: EgressResponse, witness: WitnessName): TransparencyError {
  const wait = { retryAfterSeconds: retryAfterSeconds(headers) };
  const message = `the ${witness.text} ${meaning(status)}: ${displayUrl(url)} gave status ${status}`;
  return new TransparencyError(witness.unavailable, message, wait);
}

function meaning(status: number): string {
  if (status === 401 || status === 403) return 'does not let the operator in';
  if (status === 404 || status === 405) return 'does not know what it is asked for (its URL or API version is another)';
  const isRefusal = status >= 400 && status < 500 && status !== 408 && status !== 429;
  return isRefusal
    ? 'takes no such signature, payload or key (it takes those of ECDSA P-256)'
    : 'does not answer as it should';
}
