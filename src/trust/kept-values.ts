// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../runtime/clock.ts';

interface Kept<T> {
  readonly readAtMs: number;
  readonly value: T;
}

const MAX_VALUES = 64;

/** Values by key, each good for a while after it was made. Failures are not kept: the next call tries again. */
export class KeptValues<T> {
  readonly #clock: Clock;
  readonly #ageMs: number;
  readonly #values = new Map<string, Kept<T>>();

  constructor(clock: Clock, ageMs: number) {
    this.#clock = clock;
    this.#ageMs = ageMs;
  }

  async get(key: string, make: () => Promise<T>): Promise<T> {
    const known = this.#values.get(key);
    const nowMs = this.#clock.monotonicMs();
    if (known !== undefined && nowMs - known.readAtMs < this.#ageMs) return known.value;
    this.#values.delete(key);
    const value = await make();
    this.#values.set(key, { readAtMs: nowMs, value });
    const [oldest] = this.#values.keys();
    if (oldest !== undefined && this.#values.size > MAX_VALUES) this.#values.delete(oldest);
    return value;
  }
}
