// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type https from 'node:https';
import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import type { Clock } from '../runtime/clock.ts';
import { objectField, stringField } from '../json/fields.ts';
import { KubeConfig } from './kube-config.ts';
import { KubeError } from './kube-error.ts';

/** The server, credentials and dispatcher for one request to the API server. */
export interface KubeEndpoint {
  readonly dispatcher: Dispatcher;
  /** For watches, which hold a connection each: they must not use up those that calls share. */
  readonly watchDispatcher: Dispatcher;
  /** Authorization, and impersonation if the kubeconfig asks for it. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface KubeConnectionOptions {
  readonly clock: Clock;
  /** Maximum concurrent connections for calls, 32 when absent; watches have their own. */
  readonly maxConnections?: number;
}

/** Files of credentials are read again this often: projected tokens and certificates are rotated in place. */
const CREDENTIALS_AGE_MS = 30_000;
/** Shorter than the 90 s after which the API server closes an idle connection. */
const KEEP_ALIVE_MS = 60_000;
const CONNECT_TIMEOUT_MS = 10_000;

type TlsMaterial = Pick<https.RequestOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>;

interface Credentials {
  readonly readAtMs: number;
  readonly fingerprint: string;
  readonly endpoint: KubeEndpoint;
}

/** The address of the API server and our credentials, from a kubeconfig or the pod's ServiceAccount. */
export class KubeConnection {
  /** The API server's URL, without a slash at the end. */
  readonly server: string;
  /** The namespace of the current context, if it has one. */
  readonly namespace: string | undefined;
  /** Concurrent connections for calls. */
  readonly maxConnections: number;
  readonly #load: () => KubeConfig;
  #config: KubeConfig;
  #mustReload = false;
  readonly #clock: Clock;
  #credentials: Credentials | undefined;
  #reading: Promise<Credentials> | undefined;

  /** @param load gives the configuration now, and once more whenever the server refused what it holds */
  constructor(load: () => KubeConfig, options: KubeConnectionOptions) {
    const config = load();
    const cluster = config.getCurrentCluster();
    if (cluster === null) {
      throw new KubeError({
        status: 0,
        reason: 'Unconfigured',
        message: `the kubeconfig has no cluster for its current context "${config.getCurrentContext()}"`,
      });
    }
    this.server = cluster.server.replace(/\/+$/, '');
    this.namespace = config.getContextObject(config.getCurrentContext())?.namespace;
    this.#load = load;
    this.#config = config;
    this.#clock = options.clock;
    this.maxConnections = options.maxConnections ?? 32;
  }

  /** From $KUBECONFIG, ~/.kube/config or the pod's ServiceAccount, whichever is there first; `context` picks one of a kubeconfig. */
  static fromDefault(options: KubeConnectionOptions & { readonly context?: string }): KubeConnection {
    return new KubeConnection(() => {
      const config = new KubeConfig();
      config.loadFromDefault();
      if (options.context !== undefined) config.setCurrentContext(options.context);
      return config;
    }, options);
  }

  /** From the text of a kubeconfig. */
  static fromText(kubeconfig: string, options: KubeConnectionOptions): KubeConnection {
    return new KubeConnection(() => {
      const config = new KubeConfig();
      config.loadFromString(kubeconfig);
      return config;
    }, options);
  }

  /** The dispatcher and headers for the next request. */
  async endpoint(): Promise<KubeEndpoint> {
    const current = this.#credentials;
    if (current !== undefined && this.#clock.monotonicMs() - current.readAtMs < CREDENTIALS_AGE_MS)
      return current.endpoint;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return (await this.#reading).endpoint;
  }

  /** Reads the configuration and its credentials again before the next request, because the server refused them. */
  invalidate(): void {
    this.#mustReload = true;
    if (this.#credentials !== undefined) this.#credentials = { ...this.#credentials, readAtMs: -Infinity };
  }

  /** Ends all connections, requests under way included. */
  async close(): Promise<void> {
    const endpoint = this.#credentials?.endpoint;
    await Promise.all([endpoint?.dispatcher.destroy(), endpoint?.watchDispatcher.destroy()]);
    this.#credentials = undefined;
  }

  async #read(): Promise<Credentials> {
    const options: https.RequestOptions = {};
    let token: string | undefined;
    try {
      // Not each time: a kubeconfig may name a program that is slow to give a token, and keeps the token it gave.
      if (this.#mustReload) this.#config = this.#load();
      this.#mustReload = false;
      await this.#config.applyToHTTPSOptions(options);
      const tokenFile = stringField(objectField(this.#config.getCurrentUser()?.authProvider, 'config'), 'tokenFile');
      // The library reads the file once a minute; a token that was refused has to be read again at once.
      if (tokenFile !== undefined) token = await readFile(tokenFile, 'utf8');
    } catch (cause) {
      throw new KubeError({
        status: 0,
        reason: 'CredentialsUnreadable',
        message: `the credentials for ${this.server} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
        cause,
      });
    }
    const tls = tlsMaterial(options);
    const fingerprint = createHash('sha256').update(JSON.stringify(tls)).digest('hex');
    const previous = this.#credentials;
    const unchanged = previous?.fingerprint === fingerprint;
    const dispatchers = unchanged
      ? { dispatcher: previous.endpoint.dispatcher, watchDispatcher: previous.endpoint.watchDispatcher }
      : { dispatcher: this.#dispatcher(tls, this.maxConnections), watchDispatcher: this.#dispatcher(tls, null) };
    const endpoint = { ...dispatchers, headers: authorizationHeaders(options, token) };
    this.#credentials = { readAtMs: this.#clock.monotonicMs(), fingerprint, endpoint };
    if (!unchanged && previous !== undefined) closeBehind(previous.endpoint);
    return this.#credentials;
  }

  #dispatcher(tls: TlsMaterial, connections: number | null): Dispatcher {
    const limits = {
      connections,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      // Over HTTP/2, undici's calls hung until their timeouts, one after the other, once the session had been reset a few times.
      allowH2: false,
    };
    const proxyUrl = this.#config.getCurrentCluster()?.proxyUrl;
    if (proxyUrl === undefined) return new Agent({ ...limits, connect: { ...tls, timeout: CONNECT_TIMEOUT_MS } });
    if (/^https?:/.test(proxyUrl)) return new ProxyAgent({ ...limits, uri: proxyUrl, requestTls: tls });
    throw new KubeError({
      status: 0,
      reason: 'Unconfigured',
      message: `the kubeconfig reaches ${this.server} through a proxy that is not HTTP; use proxy-url: http://…`,
    });
  }
}

/** Requests under way, watches included, end on the connections they began on. */
function closeBehind(endpoint: KubeEndpoint): void {
  for (const dispatcher of [endpoint.dispatcher, endpoint.watchDispatcher]) dispatcher.close().catch(() => undefined);
}

/** The HTTPS options that `KubeConfig` sets, for undici. */
function tlsMaterial(options: https.RequestOptions): TlsMaterial {
  const { ca, cert, key, rejectUnauthorized, servername } = options;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    ...(servername === undefined ? {} : { servername }),
  };
}

function authorizationHeaders(
  options: https.RequestOptions,
  token: string | undefined,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    // Token files end in a newline, which is no header value.
    if (typeof value === 'string') headers[name.toLowerCase()] = value.trim();
  }
  if (token !== undefined) headers['authorization'] = `Bearer ${token.trim()}`;
  if (typeof options.auth === 'string')
    headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  return headers;
}
