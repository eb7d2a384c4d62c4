// SPDX-License-Identifier: Apache-2.0

/** Chances that one seed repeats exactly: Mulberry32, which is small, fast and even enough to vary a world. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** The next number, 0 up to but without 1. */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of the list. @throws RangeError for an empty list */
  pick<T>(list: readonly T[]): T {
    for (const item of list.slice(this.between(0, list.length - 1))) return item;
    throw new RangeError('nothing to pick from');
  }

  /** Another source, whose draws leave this one alone. */
  fork(): SeededRandom {
    return new SeededRandom(Math.floor(this.next() * 2 ** 32));
  }
}
