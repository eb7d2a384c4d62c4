// SPDX-License-Identifier: Apache-2.0
import type { TokenCredentialOptions } from '@azure/identity';
import { displayUrl } from '../../net/display-url.ts';
import type { EgressRequest, EgressClient } from '../../net/egress-client.ts';
import { EgressError } from '../../net/egress-error.ts';
import type { TlsOptions } from '../../net/tls-options.ts';

/** The HTTP client of Azure's client libraries. */
export type AzureHttpClient = NonNullable<TokenCredentialOptions['httpClient']>;

type PipelineResponse = Awaited<ReturnType<AzureHttpClient['sendRequest']>>;
type HttpHeaders = PipelineResponse['headers'];

export interface EgressHttpClientOptions {
  /** Requests to any other are refused: the servers themselves say where to go on, which would take credentials there. */
  readonly origin: string;
  readonly tls?: TlsOptions | undefined;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const MAX_RESPONSE_BYTES = 1024 * 1024;
const TIMEOUT_MS = 10_000;
const DROPPED_HEADERS = new Set(['content-length', 'connection', 'host', 'accept-encoding']);

/** The transport of Azure's client libraries, through the egress client and to one origin alone. */
export function egressHttpClient(egress: EgressClient, { origin, tls }: EgressHttpClientOptions): AzureHttpClient {
  return {
    sendRequest: async (request) => {
      const url = new URL(request.url);
      if (url.origin !== origin) throw elsewhere(url, origin);
      const method = METHODS.find((known) => known === request.method);
      if (method === undefined) throw new TypeError(`the egress client knows no method ${request.method}`);
      const headers = Object.entries(request.headers.toJSON()).filter(([name]) => !DROPPED_HEADERS.has(name));
      const body = bodyOf(request.body);
      const exchange: EgressRequest = {
        method,
        url,
        headers: Object.fromEntries(headers),
        maxResponseBytes: MAX_RESPONSE_BYTES,
        timeoutMs: TIMEOUT_MS,
        ...(body === undefined ? {} : { body }),
        ...(tls === undefined ? {} : { tls }),
      };
      const response = await egress.request(exchange, signalOf(request.abortSignal));
      if (response.url.origin !== origin) throw elsewhere(response.url, origin);
      return {
        request,
        status: response.status,
        headers: new AnswerHeaders(response.headers),
        bodyAsText: response.body.toString('utf8'),
      };
    },
  };
}

function elsewhere(url: URL, origin: string): EgressError {
  return new EgressError('RedirectRefused', `${origin} sends on to ${displayUrl(url)}, which is not followed`);
}

function bodyOf(body: unknown): string | Buffer | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string') return body;
  if (ArrayBuffer.isView(body)) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  throw new TypeError('the egress client does not know this kind of body');
}

/** The libraries have a type of signal of their own, which Node's signals satisfy. */
function signalOf(signal: unknown): AbortSignal {
  return signal instanceof AbortSignal ? signal : new AbortController().signal;
}

/** The headers of an answer in the libraries' own shape; names in lower case. */
class AnswerHeaders implements HttpHeaders {
  readonly #values: Map<string, string>;

  constructor(headers: Readonly<Record<string, string>>) {
    this.#values = new Map(Object.entries(headers));
  }

  get(name: string): string | undefined {
    return this.#values.get(name.toLowerCase());
  }

  has(name: string): boolean {
    return this.#values.has(name.toLowerCase());
  }

  set(name: string, value: string | number | boolean): void {
    this.#values.set(name.toLowerCase(), String(value));
  }

  delete(name: string): void {
    this.#values.delete(name.toLowerCase());
  }

  toJSON(): Record<string, string> {
    return Object.fromEntries(this.#values);
  }

  [Symbol.iterator](): Iterator<[string, string]> {
    return this.#values.entries();
  }
}
