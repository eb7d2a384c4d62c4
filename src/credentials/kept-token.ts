// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../runtime/clock.ts';
import type { AccessToken } from './access-token.ts';

/** A token is used no longer than this before its end. */
const SPARE_MS = 180_000;
/** For the requests that make one token. */
const TIMEOUT_MS = 20_000;

/** One token at a time, made again shortly before its end or when what it is made from changes. Callers of one moment share one request. */
export class KeptToken {
  readonly #clock: Clock;
  #kept: { readonly madeFrom: string; readonly token: AccessToken } | undefined;
  #pending: { readonly madeFrom: string; readonly token: Promise<AccessToken> } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param madeFrom changes with the credentials that the token is made from */
  async token(madeFrom: string, make: (signal: AbortSignal) => Promise<AccessToken>): Promise<AccessToken> {
    if (this.#kept?.madeFrom === madeFrom && this.#isFresh(this.#kept.token)) return this.#kept.token;
    if (this.#pending?.madeFrom === madeFrom) return this.#pending.token;
    // Under a signal of its own: the caller who gives up must not fail the others who wait for the same token.
    const pending = { madeFrom, token: make(AbortSignal.timeout(TIMEOUT_MS)) };
    this.#pending = pending;
    try {
      const token = await pending.token;
      this.#kept = { madeFrom, token };
      return token;
    } finally {
      if (this.#pending === pending) this.#pending = undefined;
    }
  }

  forget(): void {
    this.#kept = undefined;
  }

  #isFresh({ expiresAt }: AccessToken): boolean {
    return expiresAt !== undefined && expiresAt.getTime() - SPARE_MS > this.#clock.now().getTime();
  }
}
