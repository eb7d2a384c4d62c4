// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parsePreciseJson } from './precise-json.ts';

const large = 12345678901234567890n;

describe('parsePreciseJson', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['12345678901234567890', large],
    ['-12345678901234567890', -large],
    ['{"a":12345678901234567890}', { a: large }],
    ['{"a" :\n\t12345678901234567890}', { a: large }],
    ['[12345678901234567890,-12345678901234567890]', [large, -large]],
    ['[1, 12345678901234567890]', [1, large]],
    ['{"text":"sha256:12345678901234567890"}', { text: 'sha256:12345678901234567890' }],
    ['{"text":"ab12345678901234567890cd"}', { text: 'ab12345678901234567890cd' }],
    ['[9007199254740991]', [9007199254740991]],
    ['[0.12345678901234567890, 12345678901234567890e1]', [0.12345678901234568, 12345678901234567890e1]],
  ];
  for (const [text, expected] of cases) {
    it(`reads ${text.replaceAll(/\s+/g, ' ')}`, () => {
      assert.deepEqual(parsePreciseJson(text), expected);
    });
  }

  it('refuses what is no JSON', () => {
    assert.throws(() => parsePreciseJson('{"a":'), SyntaxError);
  });
});
