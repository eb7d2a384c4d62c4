// SPDX-License-Identifier: Apache-2.0
import type { EgressRequest, EgressResponse } from '../../../net/egress-client.ts';
import { StorageError } from '../../storage-error.ts';
import { parseChallenge } from './challenge.ts';
import type { Challenge } from './challenge.ts';
import { type RegistryActions, RepositoryMemory } from './memory/repository-memory.ts';
import { authorize, recalled } from './registry-authorization.ts';
import type { Authorization, Candidate, SessionCredential } from './registry-authorization.ts';
import { credentialAdvice, refusal } from './registry-failure.ts';
import { fetchRegistryToken } from './registry-token.ts';
import { type RegistryRequest, RegistryTransport, type RegistryTransportOptions } from './registry-transport.ts';
import { repositoryName } from './repository.ts';
import type { Repository } from './repository.ts';

/** The credentials of a session, and what is known of its repository under them. */
export interface RegistryAccount {
  /** In the order in which they are tried; if empty, the session is anonymous. */
  readonly credentials: readonly SessionCredential[];
  /** The sources without a credential for this repository, and the reasons, for messages. */
  readonly passedOver?: readonly string[];
  /** The memory to use; by default one of this session alone. */
  readonly memory?: RepositoryMemory;
}

export interface RegistrySessionOptions extends RegistryAccount, Omit<RegistryTransportOptions, 'registry'> {
  readonly repository: Repository;
  readonly actions: RegistryActions;
  /** Read the credentials again after the registry has refused them all; undefined if they are still the same. */
  readonly renew?: (signal: AbortSignal) => Promise<RegistryAccount | undefined>;
}

/**
 * Requests to one repository, with credentials when the registry demands them. Lives for one call of a driver; its memory outlives it.
 */
export class RegistrySession {
  readonly #options: RegistrySessionOptions;
  readonly #transport: RegistryTransport;
  #account: RegistryAccount;
  #memory: RepositoryMemory;
  #isRenewed = false;
  #authorization: Authorization | undefined;
  /** The registry's latest challenge. */
  #challenge: Challenge | undefined;
  /** The sources of the credentials that the last request was refused with. */
  #tried: string[] = [];

  constructor(options: RegistrySessionOptions) {
    this.#options = options;
    this.#account = options;
    this.#memory = options.memory ?? new RepositoryMemory();
    this.#transport = new RegistryTransport({ ...options, registry: options.repository.registry }, this.#memory.origin);
    this.#recall();
  }

  /** The facts that are known of the repository. */
  get memory(): RepositoryMemory {
    return this.#memory;
  }

  /**
   * Send a request with one credential after the other until one is accepted. Returns any status but 401. @throws StorageError
   * `BackendUnauthorized` when the registry refuses every credential with 401
   */
  async request(request: RegistryRequest, signal: AbortSignal): Promise<EgressResponse> {
    this.#tried = [];
    let outcome = await this.#tryAll(request, signal);
    const isRefusal = outcome instanceof StorageError || isRefused(outcome);
    if (isRefusal && (await this.#renew(signal))) outcome = await this.#tryAll(request, signal);
    if (outcome instanceof StorageError) throw outcome;
    if (outcome.status === 401) throw this.refusal(outcome, request.doing);
    return outcome;
  }

  /** Translate a refusal of the last request, naming the credentials that were tried. */
  refusal(response: EgressResponse, doing: string): StorageError {
    return refusal(response, doing, this.#advice());
  }

  #advice(): string {
    return credentialAdvice(this.#tried, this.#account.passedOver ?? []);
  }

  #recall(): void {
    this.#challenge = this.#memory.challenge;
    this.#authorization = recalled(this.#memory, this.#account.credentials, this.#options.actions);
  }

  /** Take up credentials that have changed since they were read. @returns false if there are none */
  async #renew(signal: AbortSignal): Promise<boolean> {
    if (this.#isRenewed) return false;
    this.#isRenewed = true;
    const account = await this.#options.renew?.(signal);
    if (account === undefined) return false;
    this.#account = account;
    this.#memory = account.memory ?? new RepositoryMemory();
    this.#recall();
    return true;
  }

  /** @returns the last answer, or the failure of a token service that refuses every credential */
  async #tryAll(request: RegistryRequest, signal: AbortSignal): Promise<EgressResponse | StorageError> {
    const before = this.#authorization;
    const response = await this.#send(request, before, signal);
    if (!isRefused(response)) return response;
    const last = await this.#tryOthers(request, response, signal);
    // The credential may still serve other requests of this session. Other calls learn anew.
    if (last instanceof StorageError || last.status === 401) this.#memory.refuse(before?.accepted);
    return last;
  }

  /** Each credential in turn, as the kubelet does, until one is not refused. */
  async #tryOthers(
    request: RegistryRequest,
    refused: EgressResponse,
    signal: AbortSignal,
  ): Promise<EgressResponse | StorageError> {
    if (refused.status === 401) this.#challenge = parseChallenge(refused.headers['www-authenticate']);
    const challenge = this.#challenge;
    if (challenge === undefined) return refused;
    this.#memory.challenge = challenge;
    let last = refused;
    let tokenRefusal: StorageError | undefined;
    for (const named of this.#candidates(refused)) {
      if (named.candidate?.source !== undefined) this.#tried.push(named.candidate.source);
      const authorization = await this.#authorize(named, challenge, { doing: request.doing, signal });
      if (authorization instanceof StorageError) tokenRefusal = authorization;
      if (authorization === undefined || authorization instanceof StorageError) continue;
      last = await this.#send(request, authorization, signal);
      if (isRefused(last)) continue;
      this.#authorization = authorization;
      this.#memory.accept(authorization.accepted);
      return last;
    }
    return last === refused && tokenRefusal !== undefined && refused.status === 401 ? tokenRefusal : last;
  }

  /** The credentials to try next. The last ones may hold an expired token, so they are tried again; refused ones are not. */
  #candidates({ status }: EgressResponse): readonly Candidate[] {
    const all = this.#account.credentials.map((candidate, position) => ({ candidate, position }));
    const current = this.#authorization?.candidate;
    const others = all.filter(({ candidate }) => candidate !== current);
    if (current !== undefined) {
      if (status === 401) return [...all.filter(({ candidate }) => candidate === current), ...others];
      if (current.source !== undefined) this.#tried.push(current.source);
      return others;
    }
    // Without any, a token service may give what everybody may do.
    return all.length > 0 || status === 403 ? others : [{ candidate: undefined, position: undefined }];
  }

  /** Checks that the registry answers and, with `credentialed`, that it accepts the credentials. */
  async ping(credentialed: boolean, signal: AbortSignal): Promise<void> {
    const doing = `reaching ${repositoryName(this.#options.repository)}`;
    const request: RegistryRequest = { method: 'GET', target: '/v2/', doing };
    const response = credentialed ? await this.request(request, signal) : await this.#send(request, undefined, signal);
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

  async #send(
    request: RegistryRequest,
    authorization: Authorization | undefined,
    signal: AbortSignal,
  ): Promise<EgressResponse> {
    const memory = this.#memory;
    const kept = this.#transport.origin;
    try {
      const response = await this.#transport.send(request, authorization?.header, signal);
      memory.origin = this.#transport.origin;
      return response;
    } catch (error) {
      memory.lose(kept);
      throw error;
    }
  }

  /** @returns undefined when the credential cannot answer the challenge, and the failure when the token service refuses it */
  async #authorize(
    candidate: Candidate,
    challenge: Challenge,
    { doing, signal }: { readonly doing: string; readonly signal: AbortSignal },
  ): Promise<Authorization | StorageError | undefined> {
    const { repository, actions } = this.#options;
    const origin = this.#transport.origin ?? '';
    const scope = `repository:${repository.path}:${actions}`;
    const send = (exchange: EgressRequest): Promise<EgressResponse> =>
      this.#transport.exchange(exchange, doing, signal);
    const advice = this.#advice();
    try {
      return await authorize(candidate, { challenge, actions, memory: this.#memory }, (bearer, credential) =>
        fetchRegistryToken({ challenge: bearer, origin, scope, credential, doing, advice }, send),
      );
    } catch (error) {
      if (error instanceof StorageError && error.reason === 'BackendUnauthorized') return error;
      throw error;
    }
  }
}

/** Another credential may have the permission that this one lacks. */
function isRefused({ status }: EgressResponse): boolean {
  return status === 401 || status === 403;
}
