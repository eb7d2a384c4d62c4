// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { jsonSizeBytes } from './json-size.ts';

describe('the size of a value as JSON', () => {
  const record = {
    metadata: {
      name: 'bake-1',
      generation: 2,
      labels: {},
      finalizers: [],
      managedFields: [{ 'f:spec': { 'f:mode': {} } }],
    },
    spec: {
      deep: [
        [1, 2.5, -3],
        [true, false, null],
      ],
      absent: undefined,
    },
    text: 'a'.repeat(5000),
  };
  for (const value of [record, [], {}, 'text', 7, null, true, [{}], { a: [] }]) {
    it(`is the length of ${JSON.stringify(value).slice(0, 60)}`, () => {
      assert.equal(jsonSizeBytes(value), JSON.stringify(value).length);
    });
  }

  it('takes integers beyond those of JSON.stringify', () => {
    assert.equal(jsonSizeBytes({ big: 12345678901234567890n }), '{"big":12345678901234567890}'.length);
  });
});
