// SPDX-License-Identifier: Apache-2.0

const size = 2 ** 17;

/**
 * Addresses to report for pods, from the range that RFC 2544 reserves for tests (198.18.0.0/15). Nothing listens there: they
 * exist because Endpoints refuse 127.0.0.1, where the processes really are.
 */
export class PodAddresses {
  #last = 0;

  next(): string {
    // Neither the first nor the last address of the range.
    this.#last = (this.#last % (size - 2)) + 1;
    return `198.${18 + (this.#last >> 16)}.${(this.#last >> 8) & 255}.${this.#last & 255}`;
  }
}
