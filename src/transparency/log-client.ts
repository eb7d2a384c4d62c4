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
 * Requests to one log. Spoken through the egress client: sigstore's own clients bring an HTTP stack that cannot be sent through it,
 * follows redirects and does not cap what comes back.
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

  ask(request: EgressRequest): Promise<EgressResponse> {
    const { egress, tls, signal } = this.#options;
    return egress.request({ maxResponseBytes: MAX_RESPONSE_BYTES, ...request, tls }, signal);
  }

  /** @throws TransparencyError for what is no JSON */
  json(body: Buffer): unknown {
    try {
      return JSON.parse(body.toString('utf8'));
    } catch {
      // Without its cause: the parser's message quotes the text.
      throw new TransparencyError(this.name.unavailable, `the ${this.name.text} gave an answer that is no JSON`);
    }
  }
}
