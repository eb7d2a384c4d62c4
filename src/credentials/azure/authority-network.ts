// SPDX-License-Identifier: Apache-2.0
import type { INetworkModule, NetworkRequestOptions, NetworkResponse } from '@azure/msal-node';
import { isObject } from '../../json/fields.ts';
import { tryParseJson } from '../../json/try-parse-json.ts';
import { EgressError } from '../../net/egress-error.ts';
import type { Exchange } from './one-origin.ts';

/**
 * The transport of Microsoft's library to a token authority. It remembers what the library drops: the failure of the last request,
 * and the last response.
 */
export class AuthorityNetwork implements INetworkModule {
  readonly #exchange: Exchange;
  readonly #signal: AbortSignal;
  #failure: EgressError | undefined;
  #answer: { readonly status: number; readonly body: string } | undefined;

  /** @param signal for all requests: the library passes none on */
  constructor(exchange: Exchange, signal: AbortSignal) {
    this.#exchange = exchange;
    this.#signal = signal;
  }

  get failure(): EgressError | undefined {
    return this.#failure;
  }

  get answer(): { readonly status: number; readonly body: string } | undefined {
    return this.#answer;
  }

  sendGetRequestAsync<Body>(url: string, options?: NetworkRequestOptions): Promise<NetworkResponse<Body>> {
    return this.#send('GET', url, options);
  }

  sendPostRequestAsync<Body>(url: string, options?: NetworkRequestOptions): Promise<NetworkResponse<Body>> {
    return this.#send('POST', url, options);
  }

  async #send<Body>(
    method: string,
    url: string,
    { headers = {}, body: sent }: NetworkRequestOptions = {},
  ): Promise<NetworkResponse<Body>> {
    try {
      const response = await this.#exchange({ method, url, headers, body: sent }, this.#signal);
      this.#failure = undefined;
      const { status } = response;
      this.#answer = { status, body: response.body.toString('utf8') };
      const body = tryParseJson(response.body);
      if (!isAnswer<Body>(body)) throw new TypeError('not a JSON object');
      return { status, headers: { ...response.headers }, body };
    } catch (error) {
      if (error instanceof EgressError) this.#failure = error;
      throw error;
    }
  }
}

/** The fields are left to the library, which names no types of theirs that could be checked here. */
function isAnswer<Body>(value: unknown): value is Body {
  return isObject(value);
}
