// SPDX-License-Identifier: Apache-2.0
import nodeVault from 'node-vault';
import type { EgressClient } from '../../../net/egress-client.ts';
import { EgressError } from '../../../net/egress-error.ts';
import { retryAfterSeconds } from '../../../net/retry-after.ts';
import type { TlsOptions } from '../../../net/tls-options.ts';
import type { SecretValue } from '../../../runtime/secret-value.ts';

/** The address of a Vault or OpenBao, and the settings of calls. */
export interface VaultAddress {
  readonly address: URL;
  /** Namespace inside the server. */
  readonly namespace?: string | undefined;
  readonly tls: TlsOptions;
}

export interface VaultCall {
  /** After `/v1/`. */
  readonly path: string;
  /** Absent for a login. */
  readonly token?: SecretValue;
  /** Present: a POST. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** An answer that is not what was asked for. Never holds what the server wrote: that can quote tokens. */
export class VaultRefusal extends Error {
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, seconds: number | undefined) {
    super(`the server answers with status ${status}`);
    this.name = 'VaultRefusal';
    this.status = status;
    this.retryAfterSeconds = seconds;
  }
}

const TIMEOUT_MS = 10_000;
/** The text for a redirect; follows "the server". */
export const SENT_ON =
  'sends on to another host, as a standby node does, and the token is taken to no other host: name the active node, or a load balancer, in vault.address';

/**
 * node-vault, with the egress client as its transport: its own knows no abort and no limit of bytes, takes proxies from the
 * environment and carries the token along redirects. Its other settings from the environment are overruled, above all VAULT_TOKEN,
 * which would go to a server that a tenant names.
 */
export class VaultClient {
  readonly #client: nodeVault.client;

  constructor({ address, namespace = '', tls }: VaultAddress, egress: EgressClient) {
    this.#client = nodeVault({
      endpoint: address.href.replace(/\/+$/, ''),
      debug: () => undefined,
      'request-promise': { defaults: () => (options: unknown) => send(options, tls, egress) },
    });
    this.#client.token = '';
    Object.assign(this.#client, { namespace, pathPrefix: '' });
  }

  /** The body of the answer, parsed. @throws VaultRefusal, EgressError */
  async call({ path, token, data }: VaultCall, signal: AbortSignal): Promise<unknown> {
    const headers = token === undefined ? {} : { 'X-Vault-Token': token.revealText() };
    const options = { headers, signal };
    const response: unknown =
      data === undefined ? await this.#client.read(path, options) : await this.#client.write(path, data, options);
    return response;
  }
}

interface NodeVaultRequest {
  readonly uri: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly signal: AbortSignal;
}

interface NodeVaultAnswer {
  readonly statusCode: number;
  readonly body: unknown;
  readonly request: { readonly path: string };
}

async function send(options: unknown, tls: TlsOptions, egress: EgressClient): Promise<NodeVaultAnswer> {
  if (!isRequest(options)) throw new TypeError('node-vault sends something else than it did');
  const url = new URL(options.uri);
  const headers = Object.entries(options.headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const response = await egress.request(
    {
      method: options.method === 'GET' ? 'GET' : 'POST',
      url,
      headers: { ...Object.fromEntries(headers), 'content-type': 'application/json', 'x-vault-request': 'true' },
      ...(options.json === undefined ? {} : { body: JSON.stringify(options.json) }),
      tls,
      timeoutMs: TIMEOUT_MS,
    },
    options.signal,
  );
  // A standby node sends reading requests on to the active one. The token stays here, and what another host answers is no answer.
  if (response.url.origin !== url.origin) throw new EgressError('RedirectRefused', `${url.origin} ${SENT_ON}`);
  if (response.status !== 200 && response.status !== 204) {
    throw new VaultRefusal(response.status, retryAfterSeconds(response.headers));
  }
  const body: unknown = response.status === 204 ? {} : JSON.parse(response.body.toString('utf8'));
  return { statusCode: response.status, body, request: { path: url.pathname } };
}

function isRequest(options: unknown): options is NodeVaultRequest {
  if (typeof options !== 'object' || options === null) return false;
  return 'uri' in options && 'method' in options && 'headers' in options && 'signal' in options;
}
