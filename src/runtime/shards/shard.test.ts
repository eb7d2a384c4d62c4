// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fnvHash } from './fnv-hash.ts';
import { shardOf, SHARDS } from './shard.ts';

describe('the hash of a namespace', () => {
  for (const [text, expected] of [
    ['', 'cbf29ce484222325'],
    ['a', 'af63dc4c8601ec8c'],
    ['foobar', '85944171f73967e8'],
  ] as const) {
    it(`is FNV-1a of "${text}"`, () => {
      const { high, low } = fnvHash(text);
      assert.equal(high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0'), expected);
    });
  }
});

describe('the shard of a namespace', () => {
  it('is the same in every version: replicas of two versions work side by side', () => {
    const names = ['', 'default', 'team-a', 'team-b', 'tekton-pipelines'];
    assert.deepEqual(names.map(shardOf), [15, 14, 0, 8, 4]);
  });

  for (const [what, names] of [
    ['numbered teams', (index: number) => `team-${index}`],
    ['teams with a suffix', (index: number) => `team-${index}-prod`],
    ['padded numbers', (index: number) => `ci-${String(index).padStart(4, '0')}`],
    ['letters', (index: number) => `squad-${String.fromCharCode(97 + (index % 26))}${Math.floor(index / 26)}`],
  ] as const) {
    it(`spreads 200 namespaces over all shards: ${what}`, () => {
      const counts = SHARDS.map(() => 0);
      for (let index = 0; index < 200; index += 1) {
        const shard = shardOf(names(index));
        counts[shard] = (counts[shard] ?? 0) + 1;
      }
      assert.ok(Math.min(...counts) >= 3 && Math.max(...counts) <= 27, counts.join(' '));
    });
  }
});
