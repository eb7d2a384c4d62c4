// SPDX-License-Identifier: Apache-2.0
import type { EgressRequest, EgressResponse, EgressClient } from '../net/egress-client.ts';
import type { TlsOptions } from '../net/tls-options.ts';
import type { WitnessName } from './log-failure.ts';
import { TransparencyError } from './transparency-error.ts';

export interface LogClientOptions {
  readonly url: string;
  readonly tls: TlsOptions;
  readonly egress: EgressClient;
  readonly signal: AbortSignal;
}

const MAX_RESPONSE_BYTES = 262_144;

/**
 * Sends requests to one log through the egress client. Sigstore's own clients bring an HTTP stack that cannot use the egress client,
 * follows redirects and does not cap responses.
 */
export class LogClient {
  readonly name: WitnessName;
  readonly #options: LogClientOptions;

  constructor(options: LogClientOptions) {
    this.#options = options;
    this.name = { text: `log ${options.url}`, unavailable: 'TransparencyLogUnavailable' };
  }

  at(path: string): URL {
    return new URL(`${this.#options.url.replace(/\/+$/, '')}${path}`);
  }

  send(request: EgressRequest): Promise<EgressResponse> {
    const { egress, tls, signal } = this.#options;
    return egress.request({ maxResponseBytes: MAX_RESPONSE_BYTES, ...request, tls }, signal);
  }

  /** @throws TransparencyError if the body is not JSON */
  json(body: Buffer): unknown {
    try {
      return JSON.parse(body.toString('utf8'));
    } catch {
      // Leave out the cause, because the parser's message quotes the text.
      throw new TransparencyError(this.name.unavailable, `the ${this.name.text} returned a response that is not JSON`);
    }
  }
}
