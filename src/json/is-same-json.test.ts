// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canonicalJson } from './canonical-json.ts';
import { isSameJson } from './is-same-json.ts';

const values: readonly unknown[] = [
  null,
  false,
  0,
  1,
  '',
  '0',
  'a',
  2n ** 60n,
  [],
  [null],
  [undefined],
  [1, 2],
  [2, 1],
  [[1], 2],
  {},
  { a: undefined },
  { a: null },
  { a: 1 },
  { b: 1 },
  { a: 1, b: undefined },
  { a: undefined, b: 1 },
  { a: 1, b: [{ c: 'x' }] },
  { b: [{ c: 'x' }], a: 1 },
  { b: [{ c: 'y' }], a: 1 },
  { b: { 0: { c: 'x' }, length: 1 }, a: 1 },
  JSON.parse('{"__proto__": {"a": 1}}'),
  { toString: 1 },
];

describe('isSameJson', () => {
  it('tells two values apart exactly as their canonical JSON does', () => {
    for (const one of values) {
      for (const other of values) {
        const isSame = canonicalJson(one) === canonicalJson(other);
        assert.equal(isSameJson(one, other), isSame, `${canonicalJson(one)} and ${canonicalJson(other)}`);
      }
    }
  });
});
