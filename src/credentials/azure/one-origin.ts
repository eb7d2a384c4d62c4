// SPDX-License-Identifier: Apache-2.0
import { displayUrl } from '../../net/display-url.ts';
import type { EgressClient, EgressRequest, EgressResponse } from '../../net/egress-client.ts';
import { EgressError } from '../../net/egress-error.ts';
import type { TlsOptions } from '../../net/tls-options.ts';

export interface OneOriginOptions {
  /** Requests to any other are refused: the servers themselves say where to go on, which would take credentials there. */
  readonly origin: string;
  readonly tls?: TlsOptions | undefined;
}

/** A request of one of Azure's client libraries. */
export interface LibraryRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | undefined;
}

/** Sends a request. @throws EgressError */
export type Exchange = (request: LibraryRequest, signal: AbortSignal) => Promise<EgressResponse>;

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const MAX_RESPONSE_BYTES = 1024 * 1024;
const TIMEOUT_MS = 10_000;
const DROPPED_HEADERS = new Set(['content-length', 'connection', 'host', 'accept-encoding']);

/** Exchanges through the egress client, with one origin alone. */
export function oneOrigin(egress: EgressClient, { origin, tls }: OneOriginOptions): Exchange {
  return async ({ method: name, url: address, headers, body }, signal) => {
    const url = new URL(address);
    if (url.origin !== origin) throw elsewhere(url, origin);
    const method = METHODS.find((known) => known === name);
    if (method === undefined) throw new TypeError(`the egress client knows no method ${name}`);
    const exchange: EgressRequest = {
      method,
      url,
      headers: keptHeaders(headers),
      maxResponseBytes: MAX_RESPONSE_BYTES,
      timeoutMs: TIMEOUT_MS,
      ...(body === undefined ? {} : { body }),
      ...(tls === undefined ? {} : { tls }),
    };
    const response = await egress.request(exchange, signal);
    if (response.url.origin !== origin) throw elsewhere(response.url, origin);
    return response;
  };
}

function keptHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return Object.fromEntries(named.filter(([name]) => !DROPPED_HEADERS.has(name)));
}

function elsewhere(url: URL, origin: string): EgressError {
  return new EgressError('RedirectRefused', `${origin} sends on to ${displayUrl(url)}, which is not followed`);
}
