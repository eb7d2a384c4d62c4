// SPDX-License-Identifier: Apache-2.0
import type { EgressRequest, EgressResponse, EgressClient } from '../../../net/egress-client.ts';
import { EgressError } from '../../../net/egress-error.ts';
import type { TlsOptions } from '../../../net/tls-options.ts';
import { SecretValue } from '../../../runtime/secret-value.ts';
import { StorageError } from '../../storage-error.ts';
import { parseChallenge } from './challenge.ts';
import type { Challenge } from './challenge.ts';
import type { RegistryCredential } from './docker-config.ts';
import { credentialAdvice, exchangeFailure, refusal } from './registry-failure.ts';
import type { RegistryPatience } from './registry-patience.ts';
import { registryOrigins } from './registry-origins.ts';
import { basicAuthorization, fetchRegistryToken } from './registry-token.ts';
import { repositoryName } from './repository.ts';
import type { Repository } from './repository.ts';

/** A credential that is for the session's repository. */
export interface SessionCredential {
  readonly credential: RegistryCredential;
  /** The source, for messages. */
  readonly source?: string;
}

export interface RegistrySessionOptions {
  readonly egress: EgressClient;
  readonly repository: Repository;
  readonly tls: TlsOptions;
  /** In the order in which they are tried; if empty, the session is anonymous. */
  readonly credentials: readonly SessionCredential[];
  /** The sources without a credential for this repository, and the reasons, for messages. */
  readonly passedOver?: readonly string[];
  readonly actions: 'pull' | 'pull,push';
  /** The registries not to call for now. */
  readonly patience?: RegistryPatience;
  /** A probe calls those registries too: its success lets all other calls go on. */
  readonly isProbe?: boolean;
}

export interface RegistryRequest {
  readonly method: EgressRequest['method'];
  /** A path below the registry's origin, or a URL of the same origin. */
  readonly target: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly maxResponseBytes?: number;
  /** The action, for messages: "reading reg.example/app:tag". */
  readonly doing: string;
}

/** Requests to one repository, with credentials when the registry demands them. Lives for one call of a driver. */
export class RegistrySession {
  readonly #options: RegistrySessionOptions;
  readonly #origins: readonly string[];
  /** The origin that responded first; all later requests use it. */
  #origin: string | undefined;
  #authorization: SecretValue | undefined;
  /** The credential of `#authorization`. */
  #current: SessionCredential | undefined;
  /** The registry's latest challenge. */
  #challenge: Challenge | undefined;
  /** The sources of the credentials that the last request was refused with. */
  #tried: string[] = [];

  constructor(options: RegistrySessionOptions) {
    this.#options = options;
    this.#origins = registryOrigins(options.repository.registry, options.tls);
  }

  /**
   * Send a request with one credential after the other until one is accepted. Returns any status but 401. @throws StorageError
   * `BackendUnauthorized` when the registry refuses every credential with 401
   */
  async request(request: RegistryRequest, signal: AbortSignal): Promise<EgressResponse> {
    this.#tried = [];
    const response = await this.#send(request, signal);
    if (!isRefused(response)) return response;
    const before = { authorization: this.#authorization, current: this.#current };
    const last = await this.#tryOthers(request, response, signal);
    if (!isRefused(last)) return last;
    // The previous credential may still serve other requests.
    this.#authorization = before.authorization;
    this.#current = before.current;
    if (last.status === 401) throw this.refusal(last, request.doing);
    return last;
  }

  /** Translate a refusal of the last request, naming the credentials that were tried. */
  refusal(response: EgressResponse, doing: string): StorageError {
    return refusal(response, doing, this.#advice());
  }

  #advice(): string {
    return credentialAdvice(this.#tried, this.#options.passedOver ?? []);
  }

  /** Each credential in turn, as the kubelet does, until one is not refused. @returns the last answer */
  async #tryOthers(request: RegistryRequest, refused: EgressResponse, signal: AbortSignal): Promise<EgressResponse> {
    if (refused.status === 401) this.#challenge = parseChallenge(refused.headers['www-authenticate']);
    const challenge = this.#challenge;
    if (challenge === undefined) return refused;
    let last = refused;
    let tokenRefusal: StorageError | undefined;
    for (const candidate of this.#candidates(refused)) {
      if (candidate?.source !== undefined) this.#tried.push(candidate.source);
      try {
        const authorization = await this.#authorize(
          { challenge, credential: candidate?.credential },
          request.doing,
          signal,
        );
        if (authorization === undefined) continue;
        this.#authorization = authorization;
        this.#current = candidate;
      } catch (error) {
        if (!(error instanceof StorageError) || error.reason !== 'BackendUnauthorized') throw error;
        tokenRefusal = error;
        continue;
      }
      last = await this.#send(request, signal);
      if (!isRefused(last)) return last;
    }
    if (last === refused && tokenRefusal !== undefined && refused.status === 401) throw tokenRefusal;
    return last;
  }

  /** The credentials to try next. The last ones may hold an expired token, so they are tried again; refused ones are not. */
  #candidates({ status }: EgressResponse): readonly (SessionCredential | undefined)[] {
    const { credentials } = this.#options;
    const others = credentials.filter((candidate) => candidate !== this.#current);
    if (this.#current !== undefined) {
      if (status === 401) return [this.#current, ...others];
      if (this.#current.source !== undefined) this.#tried.push(this.#current.source);
      return others;
    }
    // Without any, a token service may give what everybody may do.
    return credentials.length > 0 || status === 403 ? others : [undefined];
  }

  /** Checks that the registry answers and, with `credentialed`, that it accepts the credentials. */
  async ping(credentialed: boolean, signal: AbortSignal): Promise<void> {
    const doing = `reaching ${repositoryName(this.#options.repository)}`;
    const request: RegistryRequest = { method: 'GET', target: '/v2/', doing };
    const response = credentialed ? await this.request(request, signal) : await this.#send(request, signal);
    if (response.status !== 200 && !(response.status === 401 && !credentialed)) throw this.refusal(response, doing);
  }

  /**
   * Resolves the URL at which the registry continues an upload or a list. It must have the registry's origin, because the session's
   * credentials go there. Plain http becomes https, since registries behind a proxy get that wrong.
   */
  continuation(location: string | undefined, base: URL, doing: string): URL {
    const url = location === undefined ? null : URL.parse(location, base.href);
    if (url?.host === base.host && url.protocol === 'http:') url.protocol = base.protocol;
    if (url?.origin === base.origin) return url;
    throw new StorageError('BackendRejected', `${doing}: ${base.host} sends on to another host, which is not followed`);
  }

  #send(request: RegistryRequest, signal: AbortSignal): Promise<EgressResponse> {
    const { registry } = this.#options.repository;
    return this.#patiently({ host: registry, doing: request.doing }, signal, () => this.#sendAnywhere(request, signal));
  }

  /** Asks a host unless it is to be left alone, and remembers how that went. */
  async #patiently(
    { host, doing }: { readonly host: string; readonly doing: string },
    signal: AbortSignal,
    exchange: () => Promise<EgressResponse>,
  ): Promise<EgressResponse> {
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

  async #sendAnywhere(request: RegistryRequest, signal: AbortSignal): Promise<EgressResponse> {
    const origins = this.#origin === undefined ? this.#origins : [this.#origin];
    let failure: StorageError | undefined;
    for (const origin of origins) {
      try {
        const response = await this.#exchange(request, origin, signal);
        this.#origin = origin;
        return response;
      } catch (error) {
        if (!(error instanceof EgressError)) throw error;
        failure ??= exchangeFailure(error, request.doing);
        if (error.reason !== 'Unreachable') break;
      }
    }
    throw failure ?? new StorageError('BackendUnavailable', request.doing);
  }

  #exchange(request: RegistryRequest, origin: string, signal: AbortSignal): Promise<EgressResponse> {
    const { egress, tls } = this.#options;
    const authorization = this.#authorization;
    return egress.request(
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

  /** @returns undefined when the credential cannot answer the challenge */
  async #authorize(
    { challenge, credential }: { readonly challenge: Challenge; readonly credential: RegistryCredential | undefined },
    doing: string,
    signal: AbortSignal,
  ): Promise<SecretValue | undefined> {
    const { egress, tls, repository, actions } = this.#options;
    if (credential?.type === 'RegistryToken') return new SecretValue(`Bearer ${credential.token.revealText()}`);
    if (challenge.scheme === 'Basic') {
      return credential?.type === 'Basic' ? new SecretValue(basicAuthorization(credential)) : undefined;
    }
    const origin = this.#origin ?? '';
    const scope = `repository:${repository.path}:${actions}`;
    // A token service is another server; do not let every run call one that is down either.
    const send = (exchange: EgressRequest): Promise<EgressResponse> =>
      this.#patiently({ host: exchange.url.host, doing }, signal, async () => {
        try {
          return await egress.request({ ...exchange, tls }, signal);
        } catch (error) {
          throw error instanceof EgressError ? exchangeFailure(error, doing) : error;
        }
      });
    const advice = this.#advice();
    const token = await fetchRegistryToken({ challenge, origin, scope, credential, doing, advice }, send);
    return new SecretValue(`Bearer ${token.revealText()}`);
  }
}

/** Another credential may have the permission that this one lacks. */
function isRefused({ status }: EgressResponse): boolean {
  return status === 401 || status === 403;
}
