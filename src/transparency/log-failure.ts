// SPDX-License-Identifier: Apache-2.0
import { displayUrl } from '../net/display-url.ts';
import type { EgressResponse } from '../net/egress-client.ts';
import { EgressError } from '../net/egress-error.ts';
import { retryAfterSeconds } from '../net/retry-after.ts';
import { TransparencyError, type TransparencyReason } from './transparency-error.ts';
import { VerificationFailure } from '../verify/verification-failure.ts';

/** The name of a witness, and the reason for when it does not respond. */
export interface WitnessName {
  /** "log https://…", for messages. */
  readonly text: string;
  readonly unavailable: TransparencyReason & ('TransparencyLogUnavailable' | 'TimestampAuthorityUnavailable');
}

/** Translates a failure to witness a signature. The text of foreign errors is left out. */
export function witnessFailure(error: unknown, { text, unavailable }: WitnessName): TransparencyError {
  if (error instanceof TransparencyError) return error;
  if (error instanceof EgressError) {
    const reason = error.failure === 'Forbidden' ? 'EndpointForbidden' : unavailable;
    return new TransparencyError(reason, error.message, { cause: error });
  }
  if (error instanceof VerificationFailure) {
    const message = `the ${text} returned something that does not verify against spec.trustedRoot: ${error.message}`;
    return new TransparencyError('VerificationFailed', message, { cause: error });
  }
  return new TransparencyError(unavailable, `the ${text} returned a response that cannot be read`, { cause: error });
}

/** Translates a refusal. The server's text is left out, because anyone can have written it. */
export function witnessRefusal({ status, headers, url }: EgressResponse, witness: WitnessName): TransparencyError {
  const wait = { retryAfterSeconds: retryAfterSeconds(headers) };
  const message = `the ${witness.text} ${meaning(status)}: ${displayUrl(url)} returned status ${status}`;
  return new TransparencyError(witness.unavailable, message, wait);
}

function meaning(status: number): string {
  if (status === 401 || status === 403) return 'denies access to the operator';
  if (status === 404 || status === 405) return 'does not know this request (check its URL and API version)';
  const isRefusal = status >= 400 && status < 500 && status !== 408 && status !== 429;
  return isRefusal ? 'refuses this signature, payload or key (it accepts those of ECDSA P-256)' : 'failed';
}
