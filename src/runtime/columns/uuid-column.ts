// SPDX-License-Identifier: Apache-2.0

/** Rows of a chunk: small tables stay small, and large ones grow without being copied. */
const CHUNK_ROWS = 1024;
const UUID_BYTES = 16;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The UUIDs of numbered rows, in 16 bytes each. Any other text is kept as it is. */
export class UuidColumn {
  readonly #chunks: Buffer[] = [];
  readonly #others = new Map<number, string>();

  /** The text of a row that was set. */
  get(row: number): string {
    const other = this.#others.get(row);
    if (other !== undefined) return other;
    const at = UUID_BYTES * (row % CHUNK_ROWS);
    const hex = this.#chunk(row).toString('hex', at, at + UUID_BYTES);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  set(row: number, text: string): void {
    if (!UUID.test(text)) {
      this.#others.set(row, text);
      return;
    }
    this.#others.delete(row);
    this.#chunk(row).write(text.replaceAll('-', ''), UUID_BYTES * (row % CHUNK_ROWS), 'hex');
  }

  /** Forgets a text that takes more than its 16 bytes. */
  delete(row: number): void {
    this.#others.delete(row);
  }

  #chunk(row: number): Buffer {
    const index = Math.floor(row / CHUNK_ROWS);
    const chunk = this.#chunks[index] ?? Buffer.alloc(UUID_BYTES * CHUNK_ROWS);
    this.#chunks[index] = chunk;
    return chunk;
  }
}
