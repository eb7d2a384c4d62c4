// SPDX-License-Identifier: Apache-2.0
import { KubeError } from '../kube/kube-error.ts';
import { accessErrorIn, type AccessFailure } from '../runtime/errors/access-error.ts';
import { causesOf } from '../runtime/errors/causes-of.ts';
import { SigningError, type SigningReason } from './signing-error.ts';

/** Texts for failures whose own message is not shown. */
export interface CallFailureTexts {
  /** The operator may not read an object that the policy names. */
  readonly unreadable: string;
  /** The API server does not return an object that the policy names. */
  readonly missing: string;
  /** Anything that is not ours. */
  readonly unknown: string;
}

const reasons: Readonly<Record<AccessFailure, SigningReason>> = {
  Forbidden: 'EndpointForbidden',
  Unauthorized: 'SignerUnauthorized',
  Unavailable: 'SignerUnavailable',
  Rejected: 'SignerUnavailable',
};

/** Translates a failed call to a signing service. The text of errors that are not ours is left out: it can carry a token. */
export function callFailure(error: unknown, texts: CallFailureTexts, prefix = ''): SigningError {
  const ours = causesOf(error).find((cause) => cause instanceof SigningError);
  if (ours !== undefined) return ours;
  const cause = accessErrorIn(error);
  // Without its cause: an error of a client library can hold the request with its credentials.
  if (cause === undefined) return new SigningError('SignerUnavailable', `${prefix}${texts.unknown}`);
  return new SigningError(reasons[cause.failure], `${prefix}${textOf(cause, texts)}`, { cause });
}

function textOf(error: Error, { unreadable, missing }: CallFailureTexts): string {
  if (!(error instanceof KubeError)) return error.message;
  return error.failure === 'Unauthorized' ? unreadable : missing;
}
