// SPDX-License-Identifier: Apache-2.0

/** Reads the primitives of records. Every method throws a RangeError past the end. */
export class RecordReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#bytes.length;
  }

  skip(count: number): void {
    if (count < 0 || this.#position + count > this.#bytes.length) throw new RangeError('the record ends early');
    this.#position += count;
  }

  /** A zigzag varint of up to 64 bits. Values above 53 bits are rounded, but no length or offset within a batch is that large. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#position);
      this.#position += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    throw new RangeError('a varint without end');
  }

  /** Bytes after their length; undefined for the length -1. */
  sized(): Buffer | undefined {
    const length = this.varint();
    if (length === -1) return undefined;
    const begin = this.#position;
    this.skip(length);
    return this.#bytes.subarray(begin, begin + length);
  }
}
