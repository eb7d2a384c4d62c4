// SPDX-License-Identifier: Apache-2.0
import { field, numberField, stringField } from '../../json/fields.ts';
import { retryAfterSeconds } from '../../net/retry-after.ts';

/** Errors by which AWS's services refuse credentials. The spelling differs between their protocols. */
export const CREDENTIAL_ERRORS = [
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'IncompleteSignatureException',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'InvalidToken',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
] as const;

/** The status of the answer behind an error of the SDK; undefined when there was none. */
export function awsStatus(error: unknown): number | undefined {
  const status =
    field(error, '$metadata') === undefined ? undefined : numberField(field(error, '$metadata'), 'httpStatusCode');
  // An answer that could not be parsed has its status on the response only.
  return status ?? numberField(field(error, '$response'), 'statusCode');
}

/** Retry-After of the answer behind an error of the SDK, in seconds. */
export function awsRetryAfterSeconds(error: unknown): number | undefined {
  const headers = field(field(error, '$response'), 'headers');
  return retryAfterSeconds({ 'retry-after': stringField(headers, 'retry-after'), date: stringField(headers, 'date') });
}
