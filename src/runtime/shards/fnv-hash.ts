// SPDX-License-Identifier: Apache-2.0

/** A 64-bit number in two halves. */
export interface Hash {
  readonly high: number;
  readonly low: number;
}

const PRIME_LOW = 0x1b3;
const TWO_32 = 2 ** 32;

/** FNV-1a with 64 bits of a text in ASCII, without the cost of `bigint`. */
export function fnvHash(text: string): Hash {
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (let index = 0; index < text.length; index += 1) {
    low = (low ^ text.charCodeAt(index)) >>> 0;
    // The prime is 2^40 + 0x1b3. No product exceeds 2^42.
    const product = low * PRIME_LOW;
    high = (high * PRIME_LOW + Math.floor(product / TWO_32) + ((low << 8) >>> 0)) % TWO_32;
    low = product % TWO_32;
  }
  return { high, low };
}
