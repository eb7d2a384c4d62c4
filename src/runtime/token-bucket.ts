// SPDX-License-Identifier: Apache-2.0

export interface TokenBucketOptions {
  /** Tokens at once, and at the beginning. */
  readonly burst: number;
  /** The time in which one more comes. */
  readonly refillMs: number;
}

/** Allows a burst, and after it a steady rate. */
export class TokenBucket {
  readonly #options: TokenBucketOptions;
  #tokens: number;
  #refilledAtMs: number;

  constructor(options: TokenBucketOptions, nowMs: number) {
    this.#options = options;
    this.#tokens = options.burst;
    this.#refilledAtMs = nowMs;
  }

  /** Takes a token. @returns false when none is left */
  take(nowMs: number): boolean {
    this.#refill(nowMs);
    if (this.#tokens === 0) return false;
    this.#tokens -= 1;
    return true;
  }

  #refill(nowMs: number): void {
    const { burst, refillMs } = this.#options;
    const earned = Math.floor((nowMs - this.#refilledAtMs) / refillMs);
    this.#tokens = Math.min(burst, this.#tokens + earned);
    this.#refilledAtMs += earned * refillMs;
  }
}
