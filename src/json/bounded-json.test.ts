// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { boundedJson } from './bounded-json.ts';

function parsed(text: string, maxValues?: number): unknown {
  return boundedJson(Buffer.from(text), maxValues);
}

describe('boundedJson', () => {
  it('is the value, whatever its strings hold', () => {
    const value = { 'a,[{': [1, 'b\\",[{[{', null], c: { d: 'é,' } };
    assert.deepEqual(parsed(JSON.stringify(value), 8), value);
  });

  it('is nothing of what is no JSON', () => {
    for (const text of ['', 'x', '{"a":', '"\\']) assert.equal(parsed(text), undefined);
  });

  it('makes nothing of more values than are taken', () => {
    assert.deepEqual(parsed('[[],[],[]]', 8), [[], [], []]);
    assert.equal(parsed('[[],[],[]]', 6), undefined);
    assert.equal(parsed(`[${'[],'.repeat(700_000)}1]`), undefined);
  });
});
