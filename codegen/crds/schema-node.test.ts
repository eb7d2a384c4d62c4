// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import Type from 'typebox';
import { schemaNode } from './schema-node.ts';

const field = (schema: object) => Type.Object({ field: Type.Unsafe({ description: 'A field.', ...schema }) });

describe('schemaNode refuses', () => {
  const cases: readonly (readonly [string, object, RegExp])[] = [
    ['a string without end', field({ type: 'string' }), /\.field: the string needs its bounds/],
    ['a list without end', field({ type: 'array', items: { enum: ['a'] } }), /\.field: the array needs its bounds/],
    ['a list of no merge strategy', field({ type: 'array', maxItems: 1, items: { enum: ['a'] } }), /needs its bounds/],
    [
      'a map without end',
      field({ type: 'object', patternProperties: { '^.*$': { enum: ['a'] } } }),
      /needs its bounds/,
    ],
    ['a number without range', field({ type: 'integer' }), /the integer needs its bounds/],
    ['a field without a description', Type.Object({ field: Type.Boolean() }), /\.field: every field has a description/],
    ['a union', field({ anyOf: [{ type: 'string' }] }), /anyOf not supported in a structural schema/],
    ['a constant', field({ type: 'string', const: 'a' }), /const not supported/],
    [
      'a default, which the API server would write into the spec',
      field({ type: 'boolean', default: true }),
      /default not supported/,
    ],
    ['a floating-point number', field({ type: 'number' }), /type number is not supported/],
  ];
  for (const [name, schema, message] of cases) {
    it(name, () => {
      assert.throws(() => schemaNode(schema, ''), message);
    });
  }
});

it('reads rules without their equivalents in code', () => {
  const rule = { rule: 'true', message: 'm', holds: () => true };
  assert.deepEqual(schemaNode(Type.Boolean({ 'x-kubernetes-validations': [rule] }), '').rules, [
    { rule: 'true', message: 'm' },
  ]);
});
