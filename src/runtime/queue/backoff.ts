// SPDX-License-Identifier: Apache-2.0

/** The wait before the next attempt. */
export interface Backoff {
  /** The wait in milliseconds after the `failures`-th failure in a row (1 for the first). */
  delayMs(failures: number): number;
}

export interface ExponentialBackoffOptions {
  readonly minMs: number;
  readonly maxMs: number;
  /** Part of each wait that is random, 0 to 1: spreads those that failed together. */
  readonly jitter?: number;
  readonly random?: () => number;
}

/** Waits that double from `minMs` to `maxMs`, each shortened by up to `jitter` of itself. */
export function exponentialBackoff(options: ExponentialBackoffOptions): Backoff {
  const { minMs, maxMs, jitter = 0.2, random = Math.random } = options;
  return {
    delayMs(failures) {
      const grown = Math.min(maxMs, minMs * 2 ** Math.max(0, failures - 1));
      return Math.round(grown * (1 - jitter * random()));
    },
  };
}
