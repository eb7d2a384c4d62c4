// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

/** Reads one resource of the log, such as `tile/0/000.p/5`, of at most this many bytes. */
export type ReadTile = (path: string, maxBytes: number) => Promise<Buffer>;

const TILE_WIDTH = 256;
/** The largest bundle of entries: each entry has a length of two bytes. */
const MAX_BUNDLE_BYTES = TILE_WIDTH * (2 + 65_535);
const HASH_BYTES = 32;
const TILE_LEVELS = 8;

/**
 * Reads entries and inclusion proofs of a tiled log (C2SP tlog-tiles) at one size. The results are not verified: check them against the
 * checkpoint.
 */
export class TiledLog {
  readonly #size: number;
  readonly #read: ReadTile;
  readonly #tiles = new Map<string, Promise<Buffer>>();

  /** @param size the size of the tree in its checkpoint */
  constructor(size: number, read: ReadTile) {
    this.#size = size;
    this.#read = read;
  }

  /** Reads the bytes of an entry. @throws RangeError if the log is malformed */
  async entry(index: number): Promise<Buffer> {
    const bundle = await this.#tile('entries', Math.floor(index / TILE_WIDTH), this.#size);
    let offset = 0;
    for (let skip = index % TILE_WIDTH; skip > 0; skip -= 1) offset += 2 + bundle.readUInt16BE(offset);
    const from = offset + 2;
    const entry = bundle.subarray(from, from + bundle.readUInt16BE(offset));
    if (entry.length === 0) throw new RangeError('the bundle of entries is too short');
    return entry;
  }

  /** Computes the hashes of the inclusion proof (RFC 9162, section 2.1.3.1), the lowest first. */
  inclusionProof(index: number): Promise<readonly Buffer[]> {
    return this.#proof(index, 0, this.#size);
  }

  async #proof(index: number, from: number, to: number): Promise<readonly Buffer[]> {
    if (to - from <= 1) return [];
    const middle = from + split(to - from);
    return index < middle
      ? [...(await this.#proof(index, from, middle)), await this.#hash(middle, to)]
      : [...(await this.#proof(index, middle, to)), await this.#hash(from, middle)];
  }

  /** Computes the root of a part of the tree. */
  async #hash(from: number, to: number): Promise<Buffer> {
    const size = to - from;
    const height = Math.log2(size);
    // Tiles hold the hashes of complete parts at every eighth level.
    if (Number.isInteger(height) && height % TILE_LEVELS === 0) return this.#node(height / TILE_LEVELS, from / size);
    const middle = from + split(size);
    const [left, right] = await Promise.all([this.#hash(from, middle), this.#hash(middle, to)]);
    return createHash('sha256')
      .update(Buffer.from([1]))
      .update(left)
      .update(right)
      .digest();
  }

  async #node(level: number, index: number): Promise<Buffer> {
    const width = Math.floor(this.#size / TILE_WIDTH ** level);
    const tile = await this.#tile(String(level), Math.floor(index / TILE_WIDTH), width);
    const at = (index % TILE_WIDTH) * HASH_BYTES;
    const hash = tile.subarray(at, at + HASH_BYTES);
    if (hash.length !== HASH_BYTES) throw new RangeError('a tile is too short');
    return hash;
  }

  /** @param width the number of hashes or entries at this level */
  #tile(level: string, index: number, width: number): Promise<Buffer> {
    const own = Math.min(width - index * TILE_WIDTH, TILE_WIDTH);
    const path = `tile/${level}/${tileNumber(index)}${own < TILE_WIDTH ? `.p/${own}` : ''}`;
    const maxBytes = level === 'entries' ? MAX_BUNDLE_BYTES : TILE_WIDTH * HASH_BYTES;
    const tile = this.#tiles.get(path) ?? this.#read(path, maxBytes);
    this.#tiles.set(path, tile);
    return tile;
  }
}

/** Returns the largest power of two below a size. */
function split(size: number): number {
  return 2 ** Math.floor(Math.log2(size - 1));
}

/** Formats an index in groups of three digits, all but the last with an x: `x001/234`. */
function tileNumber(index: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? [];
  return groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
}
