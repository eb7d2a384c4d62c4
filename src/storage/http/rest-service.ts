// SPDX-License-Identifier: Apache-2.0
import { field } from '../../json/fields.ts';
import { displayUrl } from '../../net/display-url.ts';
import type { EgressRequest, EgressResponse, EgressClient } from '../../net/egress-client.ts';
import type { TlsOptions } from '../../net/tls-options.ts';
import { boundedJson } from '../../json/bounded-json.ts';
import { callFailure } from './call-failure.ts';
import { retryAfterSeconds } from '../../net/retry-after.ts';
import { StorageError } from '../storage-error.ts';

/** The connection to a service that speaks JSON over HTTP. It is read for each call, so that a correction takes effect at once. */
export interface RestServiceOptions {
  readonly egress: Pick<EgressClient, 'request'>;
  /** The URL that all paths are below. */
  readonly base: string;
  readonly tls: (signal: AbortSignal) => Promise<TlsOptions>;
  /** Headers that authenticate a request. */
  readonly authorization: (signal: AbortSignal, tls: TlsOptions) => Promise<Readonly<Record<string, string>>>;
  /** Called when the service refuses the credentials. */
  readonly refused?: () => void;
  /** The remedies for refusals, for messages. */
  readonly remedies: { readonly unauthorized: string; readonly missing: string };
}

export interface RestRequest {
  readonly method: EgressRequest['method'];
  /** The path below the base, with its query. */
  readonly path: string;
  readonly body?: string;
  /** The longest response that is accepted. Default 1 MiB. */
  readonly maxResponseBytes?: number;
  /** The action, for messages: "writing grafeas://…". */
  readonly doing: string;
}

/** Requests to one JSON service through the egress client. */
export class RestService {
  readonly #options: RestServiceOptions;
  readonly #base: string;

  constructor(options: RestServiceOptions) {
    this.#options = options;
    this.#base = options.base.replace(/\/+$/, '');
  }

  /** Send a request and return the response, with any status. @throws StorageError without a response */
  async send(asked: RestRequest, signal: AbortSignal): Promise<EgressResponse> {
    const { egress, tls, authorization } = this.#options;
    const { method, path, body, maxResponseBytes, doing } = asked;
    try {
      const options = await tls(signal);
      const content = body === undefined ? {} : { body, contentType: { 'content-type': 'application/json' } };
      const headers = { accept: 'application/json', ...content.contentType, ...(await authorization(signal, options)) };
      const url = new URL(this.#base + path);
      const request: EgressRequest = {
        ...{ method, url, headers, tls: options },
        ...(body === undefined ? {} : { body }),
        ...(maxResponseBytes === undefined ? {} : { maxResponseBytes }),
      };
      const response = await egress.request(request, signal);
      if (response.status === 401) this.#options.refused?.();
      return response;
    } catch (error) {
      signal.throwIfAborted();
      throw callFailure(error, doing);
    }
  }

  /** Send a request and return the JSON of a 200. @throws StorageError for every other response */
  async json(request: RestRequest, signal: AbortSignal): Promise<unknown> {
    const response = await this.send(request, signal);
    if (response.status !== 200) throw this.refusal(response, request.doing);
    return jsonBody(response, request.doing);
  }

  /** Translate a refusal. The service's own text is not repeated. */
  refusal(response: EgressResponse, doing: string): StorageError {
    const { status } = response;
    const { unauthorized, missing } = this.#options.remedies;
    const summary = `${doing}: ${displayUrl(new URL('/', response.url))} answers ${status}${statusWord(response)}`;
    if (status === 401 || status === 403) return new StorageError('BackendUnauthorized', `${summary}; ${unauthorized}`);
    if (status === 404) return new StorageError('BackendRejected', `${summary}; ${missing}`);
    // 409 is a conflict with another write (Google's ABORTED), which is gone at the next attempt.
    if (status === 408 || status === 409 || status === 429 || status >= 500) {
      return new StorageError('BackendUnavailable', summary, {
        retryAfterSeconds: retryAfterSeconds(response.headers),
      });
    }
    if (status >= 300 && status < 400) {
      return new StorageError(
        'BackendRejected',
        `${summary}, a redirect that is not followed; check the backend's URL`,
      );
    }
    return new StorageError('BackendRejected', summary);
  }
}

/** @throws StorageError `BackendUnavailable`: a proxy can answer any request with 200 */
export function jsonBody(response: EgressResponse, doing: string): unknown {
  const body = boundedJson(response.body);
  if (body !== undefined) return body;
  throw new StorageError('BackendUnavailable', `${doing}: the answer is not that of the service; it is tried again`);
}

/** Google's error code, from a closed set. */
function statusWord(response: EgressResponse): string {
  const word = field(field(boundedJson(response.body), 'error'), 'status');
  return typeof word === 'string' && /^[A-Z_]{2,40}$/.test(word) ? ` ${word}` : '';
}
