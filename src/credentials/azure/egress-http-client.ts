// SPDX-License-Identifier: Apache-2.0
import type { KeyClientOptions } from '@azure/keyvault-keys';
import type { EgressClient } from '../../net/egress-client.ts';
import { oneOrigin, type OneOriginOptions } from './one-origin.ts';

/** The HTTP client of Azure's client libraries. */
type AzureHttpClient = NonNullable<KeyClientOptions['httpClient']>;

type PipelineResponse = Awaited<ReturnType<AzureHttpClient['sendRequest']>>;
type HttpHeaders = PipelineResponse['headers'];

/** The transport of Azure's client libraries, through the egress client and to one origin alone. */
export function egressHttpClient(egress: EgressClient, options: OneOriginOptions): AzureHttpClient {
  const exchange = oneOrigin(egress, options);
  return {
    sendRequest: async (request) => {
      const { method, url, abortSignal } = request;
      const headers = request.headers.toJSON();
      const response = await exchange({ method, url, headers, body: bodyOf(request.body) }, signalOf(abortSignal));
      return {
        request,
        status: response.status,
        headers: new AnswerHeaders(response.headers),
        bodyAsText: response.body.toString('utf8'),
      };
    },
  };
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
