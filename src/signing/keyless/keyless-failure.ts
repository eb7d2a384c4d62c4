// SPDX-License-Identifier: Apache-2.0
import { CredentialError } from '../../credentials/identity.ts';
import { TokenError } from '../../credentials/token-source.ts';
import { isForbidden, KubeError } from '../../kube/kube-error.ts';
import { EgressError } from '../../net/egress-error.ts';
import { SigningError } from '../signing-error.ts';

/** What a failure on the way to a certificate means. The text of errors that are not ours is left out: it can carry the token. */
export function keylessFailure(error: unknown): SigningError {
  if (error instanceof SigningError) return error;
  if (error instanceof TokenError) {
    const reason = error.code === 'Unavailable' ? 'SignerUnavailable' : 'SignerUnauthorized';
    return new SigningError(reason, error.message, { cause: error });
  }
  if (error instanceof CredentialError) return new SigningError('SignerUnavailable', error.message, { cause: error });
  if (error instanceof EgressError) {
    const reason = error.code === 'EndpointForbidden' ? 'EndpointForbidden' : 'SignerUnavailable';
    return new SigningError(reason, error.message, { cause: error });
  }
  if (isForbidden(error)) {
    const message = 'the operator may not read the ConfigMap of caBundleRef: grant its ServiceAccount get on it';
    return new SigningError('SignerUnauthorized', message, { cause: error });
  }
  if (error instanceof KubeError) {
    const message = 'the API server does not give what the policy names; it is tried again';
    return new SigningError('SignerUnavailable', message, { cause: error });
  }
  return new SigningError('SignerUnavailable', 'no certificate could be had; it is tried again');
}
