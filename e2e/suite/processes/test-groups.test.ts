// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { testGroups } from './test-groups.ts';

const expected = new Map([
  ['long.test.ts', 9],
  ['middle.test.ts', 5],
  ['short.test.ts', 3],
]);

describe('the groups of test files', () => {
  it('take about as long as each other, the longest first', () => {
    const groups = testGroups([...expected.keys()], { groups: 2, expected, seed: undefined });
    assert.deepEqual(groups, [['long.test.ts'], ['middle.test.ts', 'short.test.ts']]);
  });

  it('are as many as wanted, but not more than there are files', () => {
    assert.deepEqual(testGroups(['a.test.ts'], { groups: 3, expected, seed: undefined }), [['a.test.ts']]);
  });

  it('leave a file alone whose name says so', () => {
    const files = ['a.isolated.test.ts', 'b.test.ts', 'c.test.ts'];
    const groups = testGroups(files, { groups: 1, expected, seed: undefined });
    assert.deepEqual(groups.toSorted(), [['a.isolated.test.ts'], ['b.test.ts', 'c.test.ts']]);
  });

  it('hold every file once in an order that the seed alone determines', () => {
    const files = Array.from({ length: 20 }, (_, index) => `${String.fromCharCode(97 + index)}.test.ts`);
    const by = (seed: number): readonly (readonly string[])[] => testGroups(files, { groups: 3, expected, seed });
    assert.deepEqual(by(7), by(7));
    assert.deepEqual(by(7).flat().toSorted(), files);
    assert.equal(new Set([0, 1, 2, 3].map((seed) => JSON.stringify(by(seed)))).size, 4);
  });
});
