// SPDX-License-Identifier: Apache-2.0
import { displayUrl } from '../../net/display-url.ts';
import type { EgressResponse } from '../../net/egress-client.ts';
import { retryAfterSeconds } from '../../net/retry-after.ts';
import { StorageError } from '../storage-error.ts';

/** Translate Google's refusal. `doing` names the object. The service's own text is not repeated. */
export function gcsRefusal(response: EgressResponse, doing: string): StorageError {
  const { status } = response;
  const summary = `${doing}: ${displayUrl(new URL('/', response.url))} answers ${status}`;
  if (status === 401) {
    return new StorageError(
      'BackendUnauthorized',
      `${summary}; its credentials are not accepted: renew those of gcs.authentication`,
    );
  }
  if (status === 403) {
    const remedy = 'grant storage.objects.create, get and delete on the bucket (roles/storage.objectUser)';
    return new StorageError('BackendUnauthorized', `${summary}; ${remedy}`);
  }
  if (status === 404) {
    return new StorageError(
      'BackendRejected',
      `${summary}; the bucket does not exist: create it, or correct gcs.bucket`,
    );
  }
  // 409 is a conflict with another write, which is gone at the next attempt.
  if (status === 408 || status === 409 || status === 429 || status >= 500) {
    return new StorageError('BackendUnavailable', summary, { retryAfterSeconds: retryAfterSeconds(response.headers) });
  }
  if (status >= 300 && status < 400) {
    return new StorageError('BackendRejected', `${summary}, a redirect that is not followed; check gcs.apiEndpoint`);
  }
  return new StorageError('BackendRejected', summary);
}
