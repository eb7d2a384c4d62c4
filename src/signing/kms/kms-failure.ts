// SPDX-License-Identifier: Apache-2.0
import { CredentialError } from '../../credentials/identity.ts';
import { TokenError } from '../../credentials/token-source.ts';
import { isForbidden, KubeError } from '../../kube/kube-error.ts';
import { EgressError } from '../../net/egress-error.ts';
import type { SigningReason } from '../signing-error.ts';
import { SigningError } from '../signing-error.ts';

const credentialReasons: Readonly<Record<CredentialError['code'], SigningReason>> = {
  NotFound: 'SignerUnauthorized',
  Invalid: 'SignerUnauthorized',
  Unauthorized: 'SignerUnauthorized',
  Unavailable: 'SignerUnavailable',
};

const tokenReasons: Readonly<Record<TokenError['code'], SigningReason>> = {
  Forbidden: 'SignerUnauthorized',
  NotFound: 'SignerUnauthorized',
  Unavailable: 'SignerUnavailable',
};

/**
 * What a failed call to a key's service means, with the key in front. The text of errors that are not ours is left out: it
 * can carry a token.
 */
export function kmsFailure(error: unknown, uri: string): SigningError {
  const known = knownCause(error);
  if (known instanceof SigningError) return known;
  if (known instanceof CredentialError) return failure(credentialReasons[known.code], uri, known);
  if (known instanceof TokenError) return failure(tokenReasons[known.code], uri, known);
  if (known instanceof EgressError)
    return failure(known.code === 'EndpointForbidden' ? 'EndpointForbidden' : 'SignerUnavailable', uri, known);
  if (isForbidden(error)) {
    const message = `key ${uri}: the operator may not read the Secret or ConfigMap that the policy names: grant its ServiceAccount get on it`;
    return new SigningError('SignerUnauthorized', message, { cause: error });
  }
  if (error instanceof KubeError) {
    const message = `key ${uri}: the API server does not give the objects that the policy names; it is tried again`;
    return new SigningError('SignerUnavailable', message, { cause: error });
  }
  // Without its cause: an error of a client library can hold the request with its credentials.
  const message = `key ${uri}: its service cannot be reached or gives an answer that is not understood; it is tried again`;
  return new SigningError('SignerUnavailable', message);
}

function failure(reason: SigningReason, uri: string, cause: Error): SigningError {
  return new SigningError(reason, `key ${uri}: ${cause.message}`, { cause });
}

const MAX_CAUSES = 8;

/** The error of ours that client libraries wrapped in theirs. */
function knownCause(error: unknown): Error | undefined {
  let current = error;
  for (let depth = 0; depth < MAX_CAUSES && current instanceof Error; depth += 1) {
    if (isOurs(current)) return current;
    current = current.cause;
  }
  return undefined;
}

function isOurs(error: Error): boolean {
  return (
    error instanceof SigningError ||
    error instanceof CredentialError ||
    error instanceof TokenError ||
    error instanceof EgressError
  );
}
