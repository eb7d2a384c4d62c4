// SPDX-License-Identifier: Apache-2.0
import { displayUrl } from '../../../net/display-url.ts';
import type { EgressResponse } from '../../../net/egress-client.ts';
import type { EgressError } from '../../../net/egress-error.ts';
import { retryAfterSeconds } from '../../../net/retry-after.ts';
import { storageReasons } from '../../http/call-failure.ts';
import { StorageError } from '../../storage-error.ts';

/** The most names in a message. */
const MAX_NAMED = 5;

/**
 * Translate a registry's refusal. `doing` names the object, e.g. "reading reg.example/app"; `advice` is the remedy for
 * missing credentials.
 */
export function refusal(
  response: EgressResponse,
  doing: string,
  advice: string = credentialAdvice([], []),
): StorageError {
  const { status } = response;
  const summary = `${doing}: ${displayUrl(response.url)} answers ${status}${errorCode(response)}`;
  if (status === 401 || status === 403) {
    return new StorageError('BackendUnauthorized', `${summary}; ${advice}`);
  }
  if (status === 408 || status === 429 || status >= 500) {
    return new StorageError('BackendUnavailable', summary, { retryAfterSeconds: retryAfterSeconds(response.headers) });
  }
  if (status === 404) return new StorageError('BackendRejected', `${summary}; check that the repository exists`);
  return new StorageError('BackendRejected', summary);
}

/** Translate a request without a response. */
export function exchangeFailure(error: EgressError, doing: string): StorageError {
  const remedy = error.failure === 'Unavailable' ? certificateRemedy(error) : '';
  return new StorageError(storageReasons[error.failure], `${doing}: ${error.message}${remedy}`, { cause: error });
}

function certificateRemedy(error: EgressError): string {
  return /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)/.test(error.message)
    ? '; if the registry has a private certificate authority, name its certificate in oci.tls.caBundleRef'
    : '';
}

/** The registry's first error code. Its message is not repeated: a registry that a tenant named could send any text. */
function errorCode(response: EgressResponse): string {
  const code = /"code"\s*:\s*"([A-Z_]{1,40})"/.exec(response.body.subarray(0, 4096).toString('utf8'))?.[1];
  return code === undefined ? '' : ` (${code})`;
}

/** Name the credentials that a registry refused, those that were skipped and why, and the remedy. Never contains an entry's key or a secret. */
export function credentialAdvice(tried: readonly string[], passedOver: readonly string[]): string {
  const used = tried.length === 0 ? 'no credentials are for it' : `tried ${listed(tried)}`;
  const rest = passedOver.length === 0 ? '' : `, skipped ${listed(passedOver)}`;
  return `${used}${rest}; give the backend, or the run's ServiceAccount, credentials that may pull and push there`;
}

function listed(names: readonly string[]): string {
  const unique = [...new Set(names)];
  const named = unique.slice(0, MAX_NAMED).join(', ');
  return unique.length > MAX_NAMED ? `${named} and ${unique.length - MAX_NAMED} more` : named;
}
