// SPDX-License-Identifier: Apache-2.0
import { awsRetryAfterSeconds, awsStatus, CREDENTIAL_ERRORS } from '../../../credentials/aws/aws-response.ts';
import type { SigningReason } from '../../signing-error.ts';
import { SigningError } from '../../signing-error.ts';

interface Verdict {
  readonly reason: SigningReason;
  /** The failure and the remedy. */
  readonly text: string;
}

const notFound: Verdict = {
  reason: 'KeyNotFound',
  text: 'AWS KMS knows no such key in this account and region: create it, or correct uri or aws.region',
};
const disabled: Verdict = {
  reason: 'KeyInvalid',
  text: 'AWS KMS says that the key is disabled or about to be deleted: enable it, or name another',
};
const useless: Verdict = {
  reason: 'KeyInvalid',
  text: 'AWS KMS says that the key does not sign: name one with key usage SIGN_VERIFY',
};
const unauthorized: Verdict = {
  reason: 'SignerUnauthorized',
  text: 'AWS KMS refuses the credentials: they need kms:GetPublicKey and kms:Sign on this key',
};
const busy: Verdict = {
  reason: 'SignerUnavailable',
  text: 'AWS KMS takes no more requests for now; it is tried again',
};
const unavailable: Verdict = { reason: 'SignerUnavailable', text: 'AWS KMS fails; it is tried again' };

const byName: Readonly<Record<string, Verdict>> = {
  NotFoundException: notFound,
  InvalidArnException: notFound,
  ValidationException: notFound,
  DisabledException: disabled,
  KMSInvalidStateException: disabled,
  InvalidKeyUsageException: useless,
  UnsupportedOperationException: useless,
  AccessDeniedException: unauthorized,
  ...Object.fromEntries(CREDENTIAL_ERRORS.map((name) => [name, unauthorized])),
  ThrottlingException: busy,
  LimitExceededException: busy,
};

/** Translates an error response of the service; undefined when there was none. Its text is left out: it can quote credentials. */
export function awsFailure(error: unknown, uri: string): SigningError | undefined {
  const verdict = verdictOf(error);
  if (verdict === undefined) return undefined;
  const options = { retryAfterSeconds: awsRetryAfterSeconds(error) };
  return new SigningError(verdict.reason, `key ${uri}: ${verdict.text}`, options);
}

function verdictOf(error: unknown): Verdict | undefined {
  const named = error instanceof Error ? byName[error.name] : undefined;
  if (named !== undefined) return named;
  const status = awsStatus(error) ?? 0;
  if (status === 401 || status === 403) return unauthorized;
  if (status === 429) return busy;
  return status >= 500 ? unavailable : undefined;
}
