// SPDX-License-Identifier: Apache-2.0
import type { EgressClient, EgressRequest, EgressResponse } from '../../../net/egress-client.ts';
import { EgressError } from '../../../net/egress-error.ts';
import type { TlsOptions } from '../../../net/tls-options.ts';
import type { SecretValue } from '../../../runtime/secret-value.ts';
import { StorageError } from '../../storage-error.ts';
import { exchangeFailure, refusal } from './registry-failure.ts';
import { registryOrigins } from './registry-origins.ts';
import type { RegistryPatience } from './registry-patience.ts';

export interface RegistryTransportOptions {
  readonly egress: EgressClient;
  /** `host` or `host:port`. */
  readonly registry: string;
  readonly tls: TlsOptions;
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
  /** For the whole exchange; by default that of all connections. */
  readonly timeoutMs?: number;
  /** The action, for messages: "reading reg.example/app:tag". */
  readonly doing: string;
}

/** Requests to a registry, and to the token services that it names, unless they are to be left alone for now. */
export class RegistryTransport {
  readonly #options: RegistryTransportOptions;
  readonly #origins: readonly string[];
  #origin: string | undefined;

  /** @param origin the origin that answered an earlier call */
  constructor(options: RegistryTransportOptions, origin?: string) {
    this.#options = options;
    this.#origins = registryOrigins(options.registry, options.tls);
    this.#origin = origin;
  }

  /** The origin that answered first; all later requests use it. */
  get origin(): string | undefined {
    return this.#origin;
  }

  /** @throws StorageError without a response */
  send(request: RegistryRequest, header: SecretValue | undefined, signal: AbortSignal): Promise<EgressResponse> {
    const of = { host: this.#options.registry, doing: request.doing };
    return this.#patiently(of, signal, () => this.#sendAnywhere(request, header, signal));
  }

  /** Call a token service, which is another server; do not let every run call one that is down either. @throws StorageError */
  exchange(exchange: EgressRequest, doing: string, signal: AbortSignal): Promise<EgressResponse> {
    const { egress, tls } = this.#options;
    return this.#patiently({ host: exchange.url.host, doing }, signal, async () => {
      try {
        return await egress.request({ ...exchange, tls }, signal);
      } catch (error) {
        throw error instanceof EgressError ? exchangeFailure(error, doing) : error;
      }
    });
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

  async #sendAnywhere(
    request: RegistryRequest,
    header: SecretValue | undefined,
    signal: AbortSignal,
  ): Promise<EgressResponse> {
    const origins = this.#origin === undefined ? this.#origins : [this.#origin];
    let failure: StorageError | undefined;
    for (const origin of origins) {
      try {
        const response = await this.#sendTo(origin, request, header, signal);
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

  #sendTo(
    origin: string,
    { method, target, headers, body, maxResponseBytes, timeoutMs }: RegistryRequest,
    header: SecretValue | undefined,
    signal: AbortSignal,
  ): Promise<EgressResponse> {
    const { egress, tls } = this.#options;
    return egress.request(
      {
        method,
        url: new URL(target, origin),
        headers: { ...headers, ...(header === undefined ? {} : { authorization: header.revealText() }) },
        tls,
        ...(body === undefined ? {} : { body }),
        ...(maxResponseBytes === undefined ? {} : { maxResponseBytes }),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      },
      signal,
    );
  }
}
