// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { IncomingMessage, request as httpRequest, type ClientRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, Socket, type LookupFunction } from 'node:net';
import { Deadline } from '../../runtime/deadline.ts';
import type { NameLookups } from '../lookup/name-lookups.ts';
import { ProxyError, type ProxyErrorOptions } from './proxy-error.ts';

/** The administrator's proxy. */
export interface ProxySettings {
  /** `http:` or `https:`, without credentials. */
  readonly url: URL;
  readonly credentials?: { readonly username: string; readonly password: string };
  /** PEM certificates that the proxy's certificate is checked with, instead of the system's. */
  readonly ca?: string;
  /** Targets that are reached directly: as in the rules for connections, and `*.example.com`. */
  readonly noProxy: readonly string[];
  /** The party that resolves the names of targets. */
  readonly nameResolution: 'Operator' | 'Proxy';
  /** The time that the proxy has to open a tunnel. Default 10 s. */
  readonly timeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 10_000;
const MAX_HEADER_BYTES = 8 * 1024;

/** Opens tunnels through an HTTP proxy (RFC 9110, 9.3.6). */
export class OutboundProxy {
  /** `host:port`, for messages. */
  readonly name: string;
  readonly port: number;
  readonly #hostname: string;
  readonly #lookups: NameLookups;
  readonly #options: RequestOptions;
  readonly #isTls: boolean;
  readonly #authorization: string | undefined;
  readonly #timeoutMs: number;

  /** @param lookups how the name of the proxy itself is looked up; the rules for tenants do not hold for it */
  constructor({ url, credentials, ca, timeoutMs = CONNECT_TIMEOUT_MS }: ProxySettings, lookups: NameLookups) {
    this.#isTls = url.protocol === 'https:';
    this.#timeoutMs = timeoutMs;
    const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1');
    const port = url.port === '' ? (this.#isTls ? 443 : 80) : Number(url.port);
    this.name = `${url.hostname}:${port}`;
    this.port = port;
    this.#hostname = hostname;
    this.#lookups = lookups;
    this.#options = {
      ...{ hostname, port, method: 'CONNECT', agent: false, maxHeaderSize: MAX_HEADER_BYTES },
      lookup: ownLookup(lookups),
      ...(this.#isTls ? { ...(isIP(hostname) === 0 ? { servername: hostname } : {}), ...(ca && { ca }) } : {}),
    };
    if (credentials !== undefined) {
      const pair = Buffer.from(`${credentials.username}:${credentials.password}`);
      this.#authorization = `Basic ${pair.toString('base64')}`;
    }
  }

  /** Returns the addresses that it has now. @throws ProxyError, or the signal's reason */
  async addresses(signal: AbortSignal): Promise<readonly string[]> {
    try {
      const found = await this.#lookups.lookup(this.#hostname, { share: '', signal });
      return found.map(({ address }) => address);
    } catch (error) {
      signal.throwIfAborted();
      throw this.#failed('Unreachable', `cannot be used: ${troubleOf(error)}`, { cause: error });
    }
  }

  /** Opens a connection to `host:port` through the proxy. @throws ProxyError, or the signal's reason */
  async connect(authority: string, signal: AbortSignal): Promise<Socket> {
    const deadline = new Deadline(this.#timeoutMs, signal);
    const sent = this.#send(authority);
    try {
      const answer: unknown[] = await once(sent, 'connect', { signal: deadline.signal });
      return this.#opened(authority, answer);
    } catch (error) {
      sent.destroy();
      signal.throwIfAborted();
      if (error instanceof ProxyError) throw error;
      if (deadline.isOver)
        throw this.#failed('Timeout', `does not answer a request to connect to ${authority}`, { cause: error });
      throw this.#failed('Unreachable', `cannot be used: ${troubleOf(error)}`, { cause: error });
    } finally {
      deadline.end();
    }
  }

  #send(authority: string): ClientRequest {
    const headers = {
      host: authority,
      ...(this.#authorization === undefined ? {} : { 'proxy-authorization': this.#authorization }),
    };
    const options = { ...this.#options, path: authority, headers };
    const sent = this.#isTls ? httpsRequest(options) : httpRequest(options);
    // One that comes after the wait has ended must not end the process.
    sent.on('error', () => undefined);
    return sent.end();
  }

  #opened(authority: string, [response, socket, head]: readonly unknown[]): Socket {
    if (!(response instanceof IncomingMessage) || !(socket instanceof Socket)) throw new TypeError('no tunnel');
    const fault = this.#faultOf(authority, response.statusCode ?? 0, head);
    if (fault === undefined) return socket;
    socket.destroy();
    throw this.#failed('Unreachable', fault, { isAboutAddress: (response.statusCode ?? 0) >= 500 });
  }

  #faultOf(authority: string, status: number, head: unknown): string | undefined {
    if (status === 407) {
      const remedy = 'the administrator gives them in the Secret of proxy.credentialsSecret';
      return `${this.#authorization === undefined ? 'asks for credentials' : 'refuses the credentials of the operator'} (407): ${remedy}`;
    }
    if (status < 200 || status > 299)
      return `does not connect to ${authority} (${status}): allow it in the proxy, or list it under "outbound.proxy.noProxy"`;
    // The client of a TLS connection speaks first, so these bytes cannot come from the target.
    if (Buffer.isBuffer(head) && head.length > 0) return `speaks in the place of ${authority}`;
    return undefined;
  }

  #failed(reason: 'Timeout' | 'Unreachable', what: string, options: ProxyErrorOptions): ProxyError {
    return new ProxyError(reason, `the proxy ${this.name} ${what}`, options);
  }
}

/** The code of the system, of OpenSSL or of the HTTP parser. */
function troubleOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'the connection broke';
  const remedy = '"outbound.proxy.url" must name an HTTP proxy that serves CONNECT';
  return code.startsWith('HPE_') ? `it does not speak HTTP (${code}); ${remedy}` : `${code}; ${remedy}`;
}

/** A look-up for the operator itself, without the rules for tenants. */
function ownLookup(lookups: NameLookups): LookupFunction {
  return (hostname, options, callback) => {
    lookups.lookup(hostname, { share: '' }).then(
      (addresses) => {
        const [first] = addresses;
        if (options.all === true) callback(null, [...addresses]);
        else callback(null, first?.address ?? hostname, first?.family);
      },
      (error: unknown) => {
        callback(error instanceof Error ? error : new Error(String(error)), []);
      },
    );
  };
}
