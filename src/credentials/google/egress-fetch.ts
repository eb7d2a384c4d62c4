// SPDX-License-Identifier: Apache-2.0
import { displayUrl } from '../../net/display-url.ts';
import type { EgressRequest, EgressClient } from '../../net/egress-client.ts';
import { EgressError } from '../../net/egress-error.ts';
import type { TlsOptions } from '../../net/tls-options.ts';

export interface EgressFetchOptions {
  readonly tls?: TlsOptions | undefined;
  /** Default 8 MiB. */
  readonly maxResponseBytes?: number | undefined;
  /** For one exchange. Default 30 s. */
  readonly timeoutMs?: number | undefined;
  /** A response, thrown instead of returned to the library, which would drop its headers. Names in lower case. */
  readonly refusal?: ((status: number, headers: Readonly<Record<string, string>>) => Error | undefined) | undefined;
}

const MAX_BYTES = 8 * 1024 * 1024;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
/** Headers that fetch itself sets, or that describe a connection that is not ours. */
const DROPPED_HEADERS = new Set(['content-length', 'connection', 'host', 'transfer-encoding', 'accept-encoding']);
const BODILESS = [204, 205, 304];

/**
 * `fetch` through the egress client, for client libraries that let one be given. Bodies are held in memory, and answers
 * capped; agents and proxies among the options are ignored.
 */
export function egressFetch(egress: EgressClient, options: EgressFetchOptions): typeof globalThis.fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer());
    const exchange: EgressRequest = {
      method: methodOf(request.method),
      url: new URL(request.url),
      headers: headersOf(request.headers),
      maxResponseBytes: options.maxResponseBytes ?? MAX_BYTES,
      ...(body === undefined ? {} : { body }),
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    };
    const response = await egress.request(exchange, request.signal);
    // A response of another host is not the API's.
    if (response.url.origin !== exchange.url.origin)
      throw new EgressError('RedirectRefused', `${displayUrl(exchange.url)} redirects to another host`);
    const refusal = options.refusal?.(response.status, response.headers);
    if (refusal !== undefined) throw refusal;
    const content = BODILESS.includes(response.status) ? null : new Uint8Array(response.body);
    return new Response(content, { status: response.status, headers: response.headers });
  };
}

function methodOf(name: string): EgressRequest['method'] {
  const method = METHODS.find((known) => known === name.toUpperCase());
  if (method === undefined) throw new TypeError(`the egress client knows no method ${name}`);
  return method;
}

function headersOf(headers: Headers): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => !DROPPED_HEADERS.has(name)));
}
