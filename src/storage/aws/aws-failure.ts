// SPDX-License-Identifier: Apache-2.0
import { awsRetryAfterSeconds, awsStatus, CREDENTIAL_ERRORS } from '../../credentials/aws/aws-response.ts';
import { callFailure } from '../http/call-failure.ts';
import type { StorageReason } from '../storage-error.ts';
import { StorageError } from '../storage-error.ts';

/** The reason and the remedy of one kind of refusal. */
export interface AwsMeaning {
  readonly reason: StorageReason;
  readonly remedy: string;
}

const badCredentials: AwsMeaning = {
  reason: 'BackendUnauthorized',
  remedy: 'its credentials are not accepted: renew those of the backend',
};
/** DynamoDB says so with a status of 400. */
const noPermission: AwsMeaning = {
  reason: 'BackendUnauthorized',
  remedy: "grant the backend's identity what docs/stores lists for it",
};
const wrongRegion: AwsMeaning = { reason: 'BackendRejected', remedy: 'correct region and endpoint' };

const MEANINGS: Readonly<Record<string, AwsMeaning>> = {
  ...Object.fromEntries(CREDENTIAL_ERRORS.map((name) => [name, badCredentials])),
  AccessDenied: noPermission,
  AccessDeniedException: noPermission,
  PermanentRedirect: wrongRegion,
  TemporaryRedirect: wrongRegion,
  AuthorizationHeaderMalformed: wrongRegion,
  IllegalLocationConstraintException: wrongRegion,
};

/** Names that a status of 400 is sent with although trying again helps. */
const BUSY =
  /Throttl|SlowDown|TooManyRequests|RequestLimitExceeded|ProvisionedThroughput|InProgress|TransactionConflict/;

/**
 * Translate a failed call of the SDK. `meanings` are the service's own, by the name of its error. The service's message is not
 * repeated: it names keys, and a server that a tenant chose could say anything.
 */
export function awsFailure(
  error: unknown,
  doing: string,
  meanings: Readonly<Record<string, AwsMeaning>> = {},
): StorageError {
  if (error instanceof StorageError) return error;
  const status = awsStatus(error);
  if (status === undefined) return callFailure(error, doing);
  const name = awsErrorName(error);
  const summary = `${doing}: ${name} (${status})`;
  const meaning = meanings[name] ?? MEANINGS[name];
  if (meaning !== undefined) return new StorageError(meaning.reason, `${summary}; ${meaning.remedy}`);
  if (status === 408 || status === 429 || status >= 500 || BUSY.test(name) || status < 300) {
    return new StorageError('BackendUnavailable', summary, { retryAfterSeconds: awsRetryAfterSeconds(error) });
  }
  if (status === 401) return new StorageError('BackendUnauthorized', `${summary}; ${badCredentials.remedy}`);
  if (status === 403) return new StorageError('BackendUnauthorized', `${summary}; ${noPermission.remedy}`);
  if (status < 400)
    return new StorageError('BackendRejected', `${summary}, a redirect that is not followed; ${wrongRegion.remedy}`);
  return new StorageError('BackendRejected', summary);
}

/** The service's name of an error, as far as it is a plain word. */
export function awsErrorName(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  return /^[A-Za-z]{1,60}$/.test(name) ? name : 'UnknownError';
}
