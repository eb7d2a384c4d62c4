// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import type { ServiceAccountToken, TokenRequest, TokenSource } from '../credentials/token-source.ts';
import type { Clock } from '../runtime/clock.ts';
import { SecretValue } from '../runtime/secret-value.ts';
import { isObject, stringField } from '../json/fields.ts';
import type { KubeClient } from './kube-client.ts';
import { isForbidden, isNotFound } from './kube-error.ts';
import { CredentialError } from '../credentials/credential-error.ts';

/** An audience that tokens may have, and the hosts they may go to. */
export interface TokenDestination {
  readonly audience: string;
  /** `host`, `host:port`, or `*.example.com` for every host below. */
  readonly hosts: readonly string[];
}

export interface KubeTokenSourceOptions {
  readonly client: Pick<KubeClient, 'createToken' | 'ownAudiences'>;
  readonly clock: Clock;
  /** Nothing else is asked for. */
  readonly destinations: readonly TokenDestination[];
}

const LIFETIME_SECONDS = 600;
/** A token is used no longer than this before its end. */
const SPARE_MS = 120_000;
const MAX_TOKENS = 1024;
/** The audiences that API servers have by default: their names inside the cluster. */
const API_SERVER = /^(?:https:\/\/)?kubernetes\.default(?:\.svc(?:\.[\w.-]+)?)?(?::\d+)?\/?$/i;

/** Tokens by Kubernetes' TokenRequest, for the audiences and hosts that the operator's configuration lists. */
export class KubeTokenSource implements TokenSource {
  readonly #options: KubeTokenSourceOptions;
  readonly #tokens = new LRUCache<string, ServiceAccountToken>({ max: MAX_TOKENS });

  constructor(options: KubeTokenSourceOptions) {
    this.#options = options;
  }

  async token(request: TokenRequest, signal: AbortSignal): Promise<ServiceAccountToken> {
    await this.#check(request);
    const key = JSON.stringify([request.namespace, request.serviceAccountName, request.audience]);
    const cached = this.#tokens.get(key);
    if (cached !== undefined && cached.expiresAt.getTime() - SPARE_MS > this.#options.clock.now().getTime())
      return cached;
    const made = await this.#request(request, signal);
    this.#tokens.set(key, made);
    return made;
  }

  async #check({ audience, host }: TokenRequest): Promise<void> {
    const isOwn = API_SERVER.test(audience) || (await this.#options.client.ownAudiences()).includes(audience);
    if (isOwn) {
      const message = `audience "${audience}" is the API server's own: such a token never leaves the cluster, whatever "tokens.destinations" lists`;
      throw new CredentialError('Forbidden', message);
    }
    const hosts = this.#options.destinations.flatMap((allowed) => (allowed.audience === audience ? allowed.hosts : []));
    if (hosts.some((allowed) => isHostMatch(allowed, host))) return;
    const message = `sending a token with audience "${audience}" to ${host} is not allowed: the operator's administrator can allow it under "tokens.destinations"`;
    throw new CredentialError('Forbidden', message);
  }

  async #request(request: TokenRequest, signal: AbortSignal): Promise<ServiceAccountToken> {
    const { namespace, serviceAccountName: name, audience } = request;
    try {
      const { client } = this.#options;
      const response = await client.createToken(
        { namespace, name },
        { audience, seconds: LIFETIME_SECONDS },
        { signal },
      );
      return tokenOf(response);
    } catch (error) {
      signal.throwIfAborted();
      throw translated(error, `ServiceAccount "${namespace}/${name}"`);
    }
  }
}

function tokenOf(response: unknown): ServiceAccountToken {
  const status = isObject(response) ? response['status'] : undefined;
  const token = stringField(status, 'token');
  const expiresAt = new Date(stringField(status, 'expirationTimestamp') ?? '');
  if (token === undefined || Number.isNaN(expiresAt.getTime())) throw new TypeError('the API server gave no token');
  return { token: new SecretValue(token), expiresAt };
}

function translated(error: unknown, account: string): CredentialError {
  if (isNotFound(error))
    return new CredentialError('NotFound', `${account} does not exist: create it`, { cause: error });
  if (isForbidden(error)) {
    const message = `the operator may not act as ${account}: list it under tokens.serviceAccounts of the chart's values`;
    return new CredentialError('Forbidden', message, { cause: error });
  }
  return new CredentialError('Unavailable', `the API server gives no token for ${account}`, { cause: error });
}

function isHostMatch(allowed: string, host: string): boolean {
  if (!allowed.startsWith('*.')) return allowed.toLowerCase() === host.toLowerCase();
  return host.toLowerCase().endsWith(allowed.slice(1).toLowerCase());
}
