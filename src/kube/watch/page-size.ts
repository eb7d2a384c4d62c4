// SPDX-License-Identifier: Apache-2.0

const FACTOR = 4;
/** Good pages after the first one that was too large, before a larger one is tried. */
const GOOD_PAGES = 4;

/**
 * Objects to ask for in one page of a list: fewer after a page that was too large, and more again after some good ones. A list of large
 * objects throughout is tried with larger pages less and less often, as each attempt that fails is a page read for nothing.
 */
export class PageSize {
  readonly #largest: number;
  #current: number;
  #good = 0;
  #wanted = GOOD_PAGES / 2;

  constructor(largest: number) {
    this.#largest = largest;
    this.#current = largest;
  }

  get current(): number {
    return this.#current;
  }

  /** False when a page holds one object already. */
  shrink(): boolean {
    if (this.#current <= 1) return false;
    this.#current = Math.max(1, Math.floor(this.#current / FACTOR));
    this.#good = 0;
    this.#wanted *= 2;
    return true;
  }

  /** Counts a page that was not too large. */
  good(): void {
    this.#good += 1;
    if (this.#good < this.#wanted) return;
    this.#good = 0;
    this.#current = Math.min(this.#largest, this.#current * FACTOR);
  }
}
