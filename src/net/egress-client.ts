// SPDX-License-Identifier: Apache-2.0
import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { LookupFunction, Socket } from 'node:net';
import { LRUCache } from 'lru-cache';
import { Agent } from 'undici';
import { systemClock } from '../runtime/clock.ts';
import { Deadline } from '../runtime/deadline.ts';
import { displayUrl } from './display-url.ts';
import { EgressError } from './egress-error.ts';
import { type EgressConfiguration, EgressRules } from './egress-rules.ts';
import { guardedAgents, type GuardedAgents } from './guarded-agents.ts';
import { guardedConnector } from './guarded-connector.ts';
import { guardedSocket, type SocketTarget } from './guarded-socket.ts';
import { type Guard, guardedLookup } from './lookup/guarded-lookup.ts';
import { NameLookups } from './lookup/name-lookups.ts';
import { systemResolver } from './lookup/name-resolver.ts';
import { ProxyRoute, type ProxyTarget } from './proxy/proxy-route.ts';
import type { TlsOptions } from './tls-options.ts';
import { wholeResponse } from './whole-response.ts';

export interface EgressRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  /** Lower-case names. Only `accept` and `user-agent` follow a redirect to another origin. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  readonly tls?: TlsOptions;
  /** A longer response is an error. Default 1 MiB. */
  readonly maxResponseBytes?: number;
  /** For the whole exchange with its redirects. Default 30 s. */
  readonly timeoutMs?: number;
}

export interface EgressResponse {
  readonly status: number;
  /** Lower-case names; repeated headers joined by a comma and a space. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The URL that answered, after redirects. */
  readonly url: URL;
}

export const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_RESPONSE_BYTES = 1024 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;
const MAX_REDIRECTS = 5;
const MAX_TLS_PROFILES = 64;
const CONNECTIONS_PER_ORIGIN = 16;
/** Headers that follow a redirect to another origin. A list of those that hold credentials would never be complete. */
const HARMLESS_HEADERS = new Set(['accept', 'user-agent']);

/**
 * The only HTTP client towards hosts that a tenant can name. Each connection's resolved address is checked against the
 * operator's rules, responses and time are capped, reading requests follow redirects without taking credentials to
 * another origin or falling from https to http. The administrator's proxy is used, and none of the environment.
 */
export class EgressClient {
  readonly #guard: Guard;
  /** One agent for each way of checking certificates, so that no connection is reused under laxer rules than it was opened with. */
  readonly #agents = new LRUCache<string, Agent, TlsOptions>({
    max: MAX_TLS_PROFILES,
    memoMethod: (_key, _stale, { context }) =>
      new Agent({
        connect: guardedConnector(this.#guard, context, CONNECT_TIMEOUT_MS),
        connections: CONNECTIONS_PER_ORIGIN,
      }),
    dispose: (agent, _key, reason) => {
      // Requests that still use it end first; a failure shows in those requests.
      if (reason === 'evict') agent.close().catch(() => undefined);
    },
  });

  /** @param lookups how names are looked up: as the system does, which is for one user, when absent */
  constructor(
    configuration: EgressConfiguration = {},
    lookups = new NameLookups({ resolver: systemResolver, clock: systemClock }),
  ) {
    const rules = new EgressRules(configuration);
    const { proxy: settings } = configuration;
    const proxy = settings === undefined ? {} : { proxy: new ProxyRoute({ settings, rules, lookups }) };
    this.#guard = { rules, lookups, ...proxy };
  }

  /** @throws EgressError when no response came; the signal's reason when it aborts. Any status is a response. */
  async request(exchange: EgressRequest, signal: AbortSignal): Promise<EgressResponse> {
    const deadline = new Deadline(exchange.timeoutMs ?? DEFAULT_TIMEOUT_MS, signal);
    try {
      return await this.#follow(exchange, deadline.signal);
    } catch (error) {
      signal.throwIfAborted();
      throw translated(error, exchange.url, deadline.isOver);
    } finally {
      deadline.end();
    }
  }

  /** For client libraries that speak HTTP by themselves: agents under the same rules. The caller destroys them. */
  agents(tls: TlsOptions = {}): GuardedAgents {
    return guardedAgents(this.#guard, tls);
  }

  /** For client libraries that speak another protocol: a connected socket, under the same rules. @throws EgressError */
  connect(target: SocketTarget, signal: AbortSignal): Promise<Socket> {
    return guardedSocket(this.#guard, target, signal);
  }

  /**
   * For client libraries that connect by themselves, but take a socket: the connection through the administrator's proxy.
   *
   * @returns undefined if the target is reached directly: the library then connects as `lookup` and `permits` say
   * @throws EgressError, or the signal's reason
   */
  async tunnel(target: ProxyTarget, signal: AbortSignal): Promise<Socket | undefined> {
    return this.#guard.proxy?.open(target, signal);
  }

  /** For client libraries that take a lookup. It is not asked about literal addresses: those need `permits` first. */
  lookup(port: number): LookupFunction {
    return guardedLookup(this.#guard, port);
  }

  /** True if a connection to a literal address may be opened. */
  permits(address: string, port: number): boolean {
    return this.#guard.rules.permits({ hostname: address, address, port });
  }

  /** Ends idle and open connections. */
  async close(): Promise<void> {
    const agents = [...this.#agents.values()];
    this.#agents.clear();
    await Promise.all(agents.map((agent) => agent.destroy()));
  }

  async #follow(exchange: EgressRequest, signal: AbortSignal): Promise<EgressResponse> {
    let current = exchange;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
      const response = await this.#exchange(current, signal);
      const next = redirected(current, response);
      if (next === undefined) return response;
      current = next;
    }
    throw new EgressError('RedirectRefused', `${displayUrl(exchange.url)} redirects more than ${MAX_REDIRECTS} times`);
  }

  async #exchange(exchange: EgressRequest, signal: AbortSignal): Promise<EgressResponse> {
    const { url, method } = exchange;
    const timeoutMs = exchange.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const limit = exchange.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES;
    const request = {
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method,
      headers: { 'user-agent': 'hallmark', 'accept-encoding': 'identity', ...exchange.headers },
      body: exchange.body ?? null,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      // undici closes the connection after each HEAD otherwise. A body that a server sends all the same ends the connection by itself.
      ...(method === 'HEAD' ? { reset: false } : {}),
    };
    const response = await wholeResponse(this.#agent(exchange.tls ?? {}), request, { signal, maxBytes: () => limit });
    if (response.isCut)
      throw new EgressError('ResponseTooLarge', `${displayUrl(url)} answers with more than ${limit} bytes`);
    return { status: response.status, headers: joined(response.headers), body: response.body, url };
  }

  #agent(tls: TlsOptions): Agent {
    const ca = tls.ca === undefined ? '' : hash('sha256', tls.ca);
    return this.#agents.memo(`${String(tls.insecure === true)} ${ca}`, { context: tls });
  }
}

/** The request that a redirect asks for, or undefined when the response is the answer. Only reading requests follow. */
function redirected(exchange: EgressRequest, response: EgressResponse): EgressRequest | undefined {
  const target = response.headers['location'];
  if (![301, 302, 303, 307, 308].includes(response.status) || target === undefined) return undefined;
  if (exchange.method !== 'GET' && exchange.method !== 'HEAD') return undefined;
  const url = URL.parse(target, exchange.url.href);
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw refused(exchange.url, 'to something that is not HTTP');
  if (exchange.url.protocol === 'https:' && url.protocol === 'http:') throw refused(exchange.url, 'from https to http');
  const crosses = url.origin !== exchange.url.origin;
  const headers = Object.entries(exchange.headers ?? {}).filter(([name]) => !crosses || HARMLESS_HEADERS.has(name));
  return { ...exchange, url, headers: Object.fromEntries(headers) };
}

function refused(url: URL, where: string): EgressError {
  return new EgressError('RedirectRefused', `${displayUrl(url)} redirects ${where}, which is not followed`);
}

function joined(headers: IncomingHttpHeaders): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) texts[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return texts;
}

function translated(error: unknown, url: URL, timedOut: boolean): EgressError {
  if (error instanceof EgressError) return error;
  if (timedOut) return new EgressError('Timeout', `${displayUrl(url)} did not answer in time`, { cause: error });
  return new EgressError('Unreachable', `${displayUrl(url)} cannot be reached: ${causeText(error)}`, {
    cause: error,
  });
}

/** The most specific text: the system's or OpenSSL's code where there is one. */
function causeText(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return causeText(error.errors[0]);
  if (!(error instanceof Error)) return 'unknown failure';
  if ('code' in error && typeof error.code === 'string') return `${error.code} (${error.message})`;
  return error.message;
}
