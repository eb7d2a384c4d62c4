// SPDX-License-Identifier: Apache-2.0
import { KubeError } from '../../kube/kube-error.ts';
import { accessErrorIn, type AccessFailure } from '../../runtime/errors/access-error.ts';
import { causesOf } from '../../runtime/errors/causes-of.ts';
import { StorageError, type StorageReason } from '../storage-error.ts';

export const storageReasons: Readonly<Record<AccessFailure, StorageReason>> = {
  Forbidden: 'EndpointForbidden',
  Unauthorized: 'BackendUnauthorized',
  Unavailable: 'BackendUnavailable',
  Rejected: 'BackendRejected',
};

/**
 * Translate a call without a response. `doing` names the object: "writing gs://bucket/name". The text of an error
 * that is not ours is not repeated: it could contain a credential.
 */
export function callFailure(error: unknown, doing: string): StorageError {
  if (error instanceof StorageError) return error;
  const access = accessErrorIn(error);
  if (access instanceof KubeError && access.failure === 'Unauthorized') {
    const remedy = 'the operator may not read what the backend refers to; grant its ServiceAccount get on it';
    return new StorageError('BackendUnauthorized', `${doing}: ${remedy}`);
  }
  if (access === undefined || access instanceof KubeError) {
    return new StorageError('BackendUnavailable', `${doing}: the connection failed (${codeOf(error)})`);
  }
  const remedy = access.failure === 'Unavailable' ? certificateRemedy(access.message) : '';
  return new StorageError(storageReasons[access.failure], `${doing}: ${access.message}${remedy}`);
}

function certificateRemedy(message: string): string {
  return /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)/.test(message)
    ? "; if the server has a private certificate authority, name its certificate in the backend's tls.caBundleRef"
    : '';
}

/** The system's error code, if there is one. */
export function codeOf(error: unknown): string {
  const codes = causesOf(error).flatMap((cause) => ('code' in cause && isCode(cause.code) ? [cause.code] : []));
  return codes[0] ?? 'no code';
}

function isCode(code: unknown): code is string {
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(code);
}
