// SPDX-License-Identifier: Apache-2.0
import { field, numberField, stringField } from '../../../json/fields.ts';
import { retryAfterSeconds } from '../../../net/retry-after.ts';
import { SigningError } from '../../signing-error.ts';

/** Translates a failed call to a vault; returns other errors for the provider's caller to translate. */
export function azureFailure(error: unknown, uri: string): unknown {
  if (!(error instanceof Error) || error instanceof SigningError) return error;
  // Without its cause: the library's error holds the request with its token.
  switch (statusOf(error)) {
    case 401:
      return new SigningError(
        'SignerUnauthorized',
        `key ${uri}: the vault does not accept the credentials: put valid ones in their place`,
      );
    case 403:
      return new SigningError(
        'SignerUnauthorized',
        `key ${uri}: the vault refuses access, or the key is disabled: grant the role Key Vault Crypto User (keys/get and keys/sign) on it, open its firewall, and enable the key`,
      );
    case 404:
      return new SigningError(
        'KeyNotFound',
        `key ${uri} does not exist in the vault: create it, or correct signer.kms.uri`,
      );
    case 429:
      return unavailable(error, `key ${uri}: the vault has too many requests; it is asked again`);
    case 500:
    case 502:
    case 503:
    case 504:
      return unavailable(error, `key ${uri}: the vault fails (status ${String(statusOf(error))}); it is asked again`);
    default:
      return error;
  }
}

function unavailable(error: Error, message: string): SigningError {
  return new SigningError('SignerUnavailable', message, { retryAfterSeconds: retryAfterOf(error) });
}

/** The vault's status in an error of the client library. */
export function statusOf(error: unknown): number | undefined {
  return numberField(error, 'statusCode');
}

function retryAfterOf(error: Error): number | undefined {
  const headers: unknown = JSON.parse(JSON.stringify(field(field(error, 'response'), 'headers') ?? {}));
  return retryAfterSeconds({ 'retry-after': stringField(headers, 'retry-after') });
}
