// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { TiledLog } from './tiled-log.ts';

const hash = (...parts: readonly Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const leafHash = (entry: Buffer): Buffer => hash(Buffer.from([0]), entry);
const parent = (left: Buffer, right: Buffer): Buffer => hash(Buffer.from([1]), left, right);

function entryAt(index: number): Buffer {
  return Buffer.from(`entry ${index}`);
}

/** Computes the root of a tree by the definition in RFC 9162. */
function rootOf(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (only !== undefined && leaves.length === 1) return only;
  let left = 1;
  while (left * 2 < leaves.length) left *= 2;
  return parent(rootOf(leaves.slice(0, left)), rootOf(leaves.slice(left)));
}

/** Makes the tiles of a log from its entries. */
function tilesOf(size: number): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const put = (folder: string, parts: readonly Buffer[]): void => {
    for (let from = 0; from < parts.length; from += 256) {
      const tile = parts.slice(from, from + 256);
      const number = String(from / 256).padStart(3, '0');
      files.set(`tile/${folder}/${number}${tile.length < 256 ? `.p/${tile.length}` : ''}`, Buffer.concat(tile));
    }
  };
  const entries = Array.from({ length: size }, (_, index) => entryAt(index));
  const framed = entries.map((entry) => Buffer.concat([Buffer.from([0, entry.length]), entry]));
  put('entries', framed);
  let level = entries.map(leafHash);
  for (let height = 0; level.length > 0; height += 1) {
    put(String(height), level);
    const complete = Math.floor(level.length / 256);
    level = Array.from({ length: complete }, (_, index) => rootOf(level.slice(index * 256, index * 256 + 256)));
  }
  return files;
}

/** Computes the root from a leaf and its proof, by RFC 9162, section 2.1.3.2. */
function climb(index: number, size: number, proof: readonly Buffer[]): Buffer {
  let [node, last, current] = [index, size - 1, leafHash(entryAt(index))];
  for (const sibling of proof) {
    if (node % 2 === 1 || node === last) {
      current = parent(sibling, current);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else current = parent(current, sibling);
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  assert.equal(last, 0, 'the proof has the right length');
  return current;
}

describe('TiledLog', () => {
  for (const size of [1, 2, 3, 7, 8, 255, 256, 257, 300, 512, 700]) {
    it(`gives every entry of a log of ${size}, and proofs that lead to its root`, async () => {
      const files = tilesOf(size);
      const leaves = Array.from({ length: size }, (_, index) => leafHash(entryAt(index)));
      const root = rootOf(leaves);
      const log = new TiledLog(size, (path) => {
        const file = files.get(path);
        return file === undefined ? Promise.reject(new Error(`${path} is no tile of this log`)) : Promise.resolve(file);
      });
      for (const index of [0, 1, 5, Math.floor(size / 2), size - 2, size - 1].filter((at) => at >= 0 && at < size)) {
        assert.deepEqual(await log.entry(index), entryAt(index));
        assert.deepEqual(climb(index, size, await log.inclusionProof(index)), root);
      }
    });
  }

  it('names tiles beyond the first thousand in groups of three digits', async () => {
    const asked: string[] = [];
    const size = 1_234_067 * 256 + 1;
    const log = new TiledLog(size, (path) => {
      asked.push(path);
      return Promise.reject(new Error('enough'));
    });
    await assert.rejects(log.entry(1_234_067 * 256), /enough/);
    await assert.rejects(log.entry(42 * 256), /enough/);
    assert.deepEqual(asked, ['tile/entries/x001/x234/067.p/1', 'tile/entries/042']);
  });

  it('refuses tiles that are too short', async () => {
    const log = new TiledLog(3, () => Promise.resolve(Buffer.alloc(1)));
    await assert.rejects(log.entry(2), RangeError);
    await assert.rejects(log.inclusionProof(0), RangeError);
  });
});
