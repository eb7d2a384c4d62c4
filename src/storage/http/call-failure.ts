// SPDX-License-Identifier: Apache-2.0
import { CredentialError } from '../../credentials/identity.ts';
import { TokenError } from '../../credentials/token-source.ts';
import { isForbidden } from '../../kube/kube-error.ts';
import { EgressError } from '../../net/egress-error.ts';
import { StorageError } from '../storage-error.ts';

/**
 * A call that got no answer, as the failure it means. `doing` names the object: "writing gs://bucket/name". The text of an error
 * that is not ours is not repeated: it could carry a credential.
 */
export function callFailure(error: unknown, doing: string): StorageError {
  if (error instanceof StorageError) return error;
  const outbound = causeOf(error, (cause) => cause instanceof EgressError);
  if (outbound instanceof EgressError) return outboundFailure(outbound, doing);
  const credential = causeOf(error, (cause) => cause instanceof CredentialError || cause instanceof TokenError);
  if (credential instanceof CredentialError || credential instanceof TokenError) {
    const reason = credential.code === 'Unavailable' ? 'BackendUnavailable' : 'BackendUnauthorized';
    return new StorageError(reason, `${doing}: ${credential.message}`);
  }
  if (isForbidden(error)) {
    const remedy = 'the operator may not read what the backend refers to; grant its ServiceAccount get on it';
    return new StorageError('BackendUnauthorized', `${doing}: ${remedy}`);
  }
  return new StorageError('BackendUnavailable', `${doing}: the connection failed (${codeOf(error)})`);
}

function outboundFailure(error: EgressError, doing: string): StorageError {
  const message = `${doing}: ${error.message}`;
  switch (error.code) {
    case 'EndpointForbidden':
      return new StorageError('EndpointForbidden', message);
    case 'Unreachable':
    case 'Timeout':
      return new StorageError('BackendUnavailable', `${message}${certificateRemedy(error)}`);
    case 'ResponseTooLarge':
    case 'RedirectRefused':
      return new StorageError('BackendRejected', message);
  }
}

function certificateRemedy(error: EgressError): string {
  return /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)/.test(error.message)
    ? "; if the server has a private certificate authority, name its certificate in the backend's tls.caBundleRef"
    : '';
}

const MAX_DEPTH = 8;

function causeOf(error: unknown, isMeant: (cause: unknown) => boolean): unknown {
  let current = error;
  for (let depth = 0; depth < MAX_DEPTH && current !== undefined; depth += 1) {
    if (isMeant(current)) return current;
    current = current instanceof Error ? current.cause : undefined;
  }
  return undefined;
}

/** The system's code where there is one: a closed set of words. */
export function codeOf(error: unknown): string {
  const coded = causeOf(error, (cause) => cause instanceof Error && 'code' in cause && isCode(cause.code));
  return coded instanceof Error && 'code' in coded ? String(coded.code) : 'no code';
}

function isCode(code: unknown): boolean {
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(code);
}
