// SPDX-License-Identifier: Apache-2.0
import { SigningError } from '../../signing-error.ts';
import { SENT_ON, VaultRefusal } from './vault-client.ts';

/** Translates a refusal by the server; returns other errors as they are. */
export function vaultFailure(error: unknown, uri: string): unknown {
  if (!(error instanceof VaultRefusal)) return error;
  const options = { retryAfterSeconds: error.retryAfterSeconds };
  switch (error.status) {
    case 400:
      return new SigningError(
        'KeyInvalid',
        `key ${uri}: the transit engine does not sign with it (status 400): check that it exists, that its type signs and that its version is not below min_encryption_version`,
        options,
      );
    case 401:
    case 403:
      return new SigningError(
        'SignerUnauthorized',
        `key ${uri}: the server refuses the token (status ${error.status}): its policy must grant "read" on the transit engine's keys/NAME and "update" on sign/NAME/*`,
        options,
      );
    case 404:
      return new SigningError(
        'KeyNotFound',
        `key ${uri}: the server knows no such key: create it, or correct uri, vault.transitPath or vault.namespace`,
        options,
      );
    case 301:
    case 302:
    case 307:
    case 308:
      return new SigningError('SignerUnavailable', `key ${uri}: the server ${SENT_ON}`, options);
    default:
      return new SigningError(
        'SignerUnavailable',
        `key ${uri}: the server answers with status ${error.status}; it is tried again`,
        options,
      );
  }
}
