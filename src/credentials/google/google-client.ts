// SPDX-License-Identifier: Apache-2.0
import { AuthClient, gaxios } from 'google-auth-library';
import type { Access } from '../access.ts';
import type { AccessTokenSource } from '../access-token.ts';
import { egressFetch } from './egress-fetch.ts';
import type { EgressFetchOptions } from './egress-fetch.ts';

/** The deadline of each call for credentials: the library's interface passes no signal on. */
const TIMEOUT_MS = 20_000;

/**
 * An identity for Google's client libraries, whose every request goes through the egress client. The library's own clients are not
 * used: its federated one asks for tokens past the transport that it is given, and all of them ask again by themselves.
 * To be imported on first use: it loads the library.
 */
export class GoogleClient extends AuthClient {
  readonly #source: AccessTokenSource;

  constructor(source: AccessTokenSource, { egress }: Access, options: EgressFetchOptions) {
    super({
      transporterOptions: { fetchImplementation: egressFetch(egress, options), retry: false },
      // The library's own interceptors write headers, the token among them, into its debug log.
      useAuthRequestParameters: false,
    });
    this.#source = source;
  }

  async getAccessToken(): Promise<{ token: string }> {
    const { token } = await this.#source.token(AbortSignal.timeout(TIMEOUT_MS));
    return { token: token.revealText() };
  }

  async getRequestHeaders(): Promise<Headers> {
    const { token } = await this.getAccessToken();
    return this.addSharedMetadataHeaders(new Headers({ authorization: `Bearer ${token}` }));
  }

  async request<T>(options: gaxios.GaxiosOptions): Promise<gaxios.GaxiosResponse<T>> {
    const headers = gaxios.Gaxios.mergeHeaders(options.headers, await this.getRequestHeaders());
    try {
      return await this.transporter.request<T>({ ...options, headers });
    } catch (error) {
      if (error instanceof gaxios.GaxiosError && error.status === 401) this.#source.refused();
      throw error;
    }
  }
}
