// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileOrder, shuffled } from './file-order.ts';

const plain = { seconds: 10, plane: 2, waitsFor: 0 };

describe('the order of end-to-end files', () => {
  it('begins with the longest', () => {
    const files = [
      { ...plain, file: 'short' },
      { ...plain, file: 'long', seconds: 90 },
    ];
    assert.deepEqual(fileOrder(files), ['long', 'short']);
  });

  it('takes a file without a record for one of half a minute', () => {
    const files = [
      { ...plain, file: 'short' },
      { ...plain, file: 'new', seconds: undefined },
      { ...plain, file: 'long', seconds: 90 },
    ];
    assert.deepEqual(fileOrder(files), ['long', 'new', 'short']);
  });

  it('keeps those with the same kind of control plane together', () => {
    const files = [
      { ...plain, file: 'long', seconds: 90 },
      { ...plain, file: 'runs', plane: 1 },
    ];
    assert.deepEqual(fileOrder(files), ['runs', 'long']);
  });

  it('spreads those without a control plane evenly among the others', () => {
    const files = [
      ...['a', 'b', 'c', 'd'].map((file) => ({ ...plain, file })),
      ...['y', 'z'].map((file) => ({ ...plain, file, plane: undefined, seconds: 3 })),
    ];
    assert.deepEqual(fileOrder(files), ['a', 'y', 'b', 'c', 'z', 'd']);
  });

  it('leaves those for last whose servers are still being built', () => {
    const files = [
      { ...plain, file: 'late', waitsFor: 9, plane: 1, seconds: 200 },
      { ...plain, file: 'soon', waitsFor: 2 },
      { ...plain, file: 'now', seconds: 1 },
    ];
    assert.deepEqual(fileOrder(files), ['now', 'soon', 'late']);
  });
});

describe('a shuffled order', () => {
  const files = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

  it('holds every file once, the same for the same seed', () => {
    assert.deepEqual(shuffled(files, 7).toSorted(), files);
    assert.deepEqual(shuffled(files, 7), shuffled(files.toReversed(), 7));
  });

  it('differs between seeds', () => {
    const orders = new Set([0, 1, 2, 3, 4].map((seed) => shuffled(files, seed).join('')));
    assert.equal(orders.size, 5);
    assert.ok(new Set([...orders].map((order) => order[0])).size > 1);
  });
});
