// SPDX-License-Identifier: Apache-2.0
import type { DoorRequest, DoorResponse, OutboundDoor } from '../../net/outbound-door.ts';
import { OutboundError } from '../../net/outbound-error.ts';
import type { TlsOptions } from '../../net/tls-options.ts';
import { SecretValue } from '../../runtime/secret-value.ts';
import { StorageError } from '../storage-error.ts';
import { parseChallenge } from './challenge.ts';
import type { Challenge } from './challenge.ts';
import type { RegistryCredential } from './docker-config.ts';
import { exchangeFailure, refusal } from './registry-failure.ts';
import type { RegistryPatience } from './registry-patience.ts';
import { registryOrigins } from './registry-origins.ts';
import { basicAuthorization, fetchRegistryToken } from './registry-token.ts';
import { repositoryName } from './repository.ts';
import type { Repository } from './repository.ts';

export interface RegistrySessionOptions {
  readonly door: OutboundDoor;
  readonly repository: Repository;
  readonly tls: TlsOptions;
  readonly credential: RegistryCredential | undefined;
  readonly actions: 'pull' | 'pull,push';
  /** Which registries to leave alone for now; none without it. */
  readonly patience?: RegistryPatience;
  /** A probe asks also those: by its answer everybody else goes on. */
  readonly isProbe?: boolean;
}

export interface RegistryRequest {
  readonly method: DoorRequest['method'];
  /** Below the registry's origin, or a whole URL of the same origin. */
  readonly target: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly maxResponseBytes?: number;
  /** What is done, for messages: "reading reg.example/app:tag". */
  readonly doing: string;
}

/** Requests to one repository, authenticated when the registry asks for it. Lives for one call of a driver. */
export class RegistrySession {
  readonly #options: RegistrySessionOptions;
  readonly #origins: readonly string[];
  /** Where an answer came from; settled by the first. */
  #origin: string | undefined;
  #authorization: SecretValue | undefined;

  constructor(options: RegistrySessionOptions) {
    this.#options = options;
    this.#origins = registryOrigins(options.repository.registry, options.tls);
  }

  /** Any status but 401 is handed back. @throws StorageError */
  async request(request: RegistryRequest, signal: AbortSignal): Promise<DoorResponse> {
    const response = await this.#send(request, signal);
    if (response.status !== 401) return response;
    const challenge = parseChallenge(response.headers['www-authenticate']);
    const authorization = await this.#authorize(challenge, request.doing, signal);
    if (authorization === undefined) throw refusal(response, request.doing);
    this.#authorization = authorization;
    const again = await this.#send(request, signal);
    if (again.status === 401) throw refusal(again, request.doing);
    return again;
  }

  /** Whether the registry answers and takes the credentials; without `credentialed`, whether it answers. */
  async ping(credentialed: boolean, signal: AbortSignal): Promise<void> {
    const doing = `reaching ${repositoryName(this.#options.repository)}`;
    const request: RegistryRequest = { method: 'GET', target: '/v2/', doing };
    const response = credentialed ? await this.request(request, signal) : await this.#send(request, signal);
    if (response.status !== 200 && !(response.status === 401 && !credentialed)) throw refusal(response, doing);
  }

  /**
   * The URL a registry told to go on at, for an upload or in a list. It must be the registry's own, since the session's credentials
   * go there; plain http is lifted to https, which registries behind a proxy get wrong.
   */
  continuation(location: string | undefined, base: URL, doing: string): URL {
    const url = location === undefined ? null : URL.parse(location, base.href);
    if (url?.host === base.host && url.protocol === 'http:') url.protocol = base.protocol;
    if (url?.origin === base.origin) return url;
    throw new StorageError('BackendRejected', `${doing}: ${base.host} sends on to another host, which is not followed`);
  }

  #send(request: RegistryRequest, signal: AbortSignal): Promise<DoorResponse> {
    const { registry } = this.#options.repository;
    return this.#patiently({ host: registry, doing: request.doing }, signal, () => this.#sendAnywhere(request, signal));
  }

  /** Asks a host unless it is to be left alone, and remembers how that went. */
  async #patiently(
    { host, doing }: { readonly host: string; readonly doing: string },
    signal: AbortSignal,
    exchange: () => Promise<DoorResponse>,
  ): Promise<DoorResponse> {
    const { patience, isProbe = false } = this.#options;
    if (!isProbe) patience?.enter(host, doing);
    try {
      const response = await exchange();
      if (response.status === 429 || response.status === 503)
        patience?.failed(host, refusal(response, doing).retryAfterSeconds);
      else patience?.answered(host);
      return response;
    } catch (error) {
      const isSilent = error instanceof StorageError && error.reason === 'BackendUnavailable';
      if (isSilent && !signal.aborted) patience?.failed(host);
      else patience?.abandoned(host);
      throw error;
    }
  }

  async #sendAnywhere(request: RegistryRequest, signal: AbortSignal): Promise<DoorResponse> {
    const origins = this.#origin === undefined ? this.#origins : [this.#origin];
    let failure: StorageError | undefined;
    for (const origin of origins) {
      try {
        const response = await this.#exchange(request, origin, signal);
        this.#origin = origin;
        return response;
      } catch (error) {
        if (!(error instanceof OutboundError)) throw error;
        failure ??= exchangeFailure(error, request.doing);
        if (error.code !== 'Unreachable') break;
      }
    }
    throw failure ?? new StorageError('BackendUnavailable', request.doing);
  }

  #exchange(request: RegistryRequest, origin: string, signal: AbortSignal): Promise<DoorResponse> {
    const { door, tls } = this.#options;
    const authorization = this.#authorization;
    return door.request(
      {
        method: request.method,
        url: new URL(request.target, origin),
        headers: {
          ...request.headers,
          ...(authorization === undefined ? {} : { authorization: authorization.revealText() }),
        },
        tls,
        ...(request.body === undefined ? {} : { body: request.body }),
        ...(request.maxResponseBytes === undefined ? {} : { maxResponseBytes: request.maxResponseBytes }),
      },
      signal,
    );
  }

  async #authorize(
    challenge: Challenge | undefined,
    doing: string,
    signal: AbortSignal,
  ): Promise<SecretValue | undefined> {
    const { credential, door, tls, repository, actions } = this.#options;
    if (challenge === undefined) return undefined;
    if (credential?.type === 'RegistryToken') return new SecretValue(`Bearer ${credential.token.revealText()}`);
    if (challenge.scheme === 'Basic') {
      return credential?.type === 'Basic' ? new SecretValue(basicAuthorization(credential)) : undefined;
    }
    const origin = this.#origin ?? '';
    const scope = `repository:${repository.path}:${actions}`;
    // A token service is a server of its own: one that is down is not asked by every run either.
    const send = (exchange: DoorRequest): Promise<DoorResponse> =>
      this.#patiently({ host: exchange.url.host, doing }, signal, async () => {
        try {
          return await door.request({ ...exchange, tls }, signal);
        } catch (error) {
          throw error instanceof OutboundError ? exchangeFailure(error, doing) : error;
        }
      });
    const token = await fetchRegistryToken({ challenge, origin, scope, credential, doing }, send);
    return new SecretValue(`Bearer ${token.revealText()}`);
  }
}
