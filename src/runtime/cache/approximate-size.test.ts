// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { approximateSizeBytes, isLargerThan } from './approximate-size.ts';

describe('approximateSizeBytes', () => {
  it('grows with what a value holds', () => {
    assert.ok(approximateSizeBytes({ a: 'x'.repeat(1000) }) >= 1000);
    assert.ok(approximateSizeBytes({ a: ['x'.repeat(500), { b: 'y'.repeat(500) }] }) >= 1000);
    assert.ok(approximateSizeBytes({}) < 100);
  });

  it('takes integers that JSON.stringify refuses, and nesting that would exhaust the stack', () => {
    assert.ok(approximateSizeBytes({ n: 2n ** 63n }) > 0);
    let deep: unknown = null;
    for (let level = 0; level < 200_000; level += 1) deep = [deep];
    assert.ok(approximateSizeBytes(deep) > 200_000);
  });

  it('takes very long lists', () => {
    assert.ok(approximateSizeBytes(Array.from({ length: 500_000 }, () => 'x')) > 500_000);
  });
});

describe('isLargerThan', () => {
  it('agrees with the size', () => {
    const value = { list: ['x'.repeat(500), { key: [1, 2, 3], other: null }], text: 'y' };
    const size = approximateSizeBytes(value);
    assert.deepEqual([isLargerThan(size, value), isLargerThan(size - 1, value)], [false, true]);
  });

  it('looks at no more of a value than it takes', () => {
    const unseen = {
      get far(): never {
        throw new Error('seen');
      },
    };
    // The last member is looked at first.
    assert.equal(isLargerThan(1000, [unseen, 'x'.repeat(2000)]), true);
  });
});
