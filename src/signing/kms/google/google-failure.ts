// SPDX-License-Identifier: Apache-2.0
import { SigningError } from '../../signing-error.ts';
import type { SigningReason } from '../../signing-error.ts';

interface Meaning {
  readonly reason: SigningReason;
  readonly message: string;
}

/** Keyed by gRPC codes, to which the REST API's statuses are translated. */
const meanings: Readonly<Record<number, Meaning>> = {
  3: { reason: 'KeyInvalid', message: 'Cloud KMS does not sign with it: name a key of purpose ASYMMETRIC_SIGN' },
  5: { reason: 'KeyNotFound', message: 'does not exist in Cloud KMS: create it, or correct signer.kms.uri' },
  7: {
    reason: 'SignerUnauthorized',
    message: 'Cloud KMS refuses access: grant roles/cloudkms.signerVerifier and roles/cloudkms.viewer on it',
  },
  9: { reason: 'KeyInvalid', message: 'its version is not enabled in Cloud KMS: enable it, or name another' },
  16: {
    reason: 'SignerUnauthorized',
    message: 'Cloud KMS does not accept the credentials: put valid ones in their place',
  },
};

/** Translates a failed call to Cloud KMS; returns other errors for the provider's caller to translate. */
export function googleFailure(error: unknown, uri: string): unknown {
  if (!(error instanceof Error) || error instanceof SigningError) return error;
  // An error without a response has a code too; its cause says more.
  const hasAnswer = 'httpStatusCode' in error && typeof error.httpStatusCode === 'number';
  const code = 'code' in error && typeof error.code === 'number' && hasAnswer ? error.code : -1;
  const meaning = meanings[code];
  // Without its cause: the library's error holds the request with its credentials.
  return meaning === undefined ? error : new SigningError(meaning.reason, `key ${uri}: ${meaning.message}`);
}
