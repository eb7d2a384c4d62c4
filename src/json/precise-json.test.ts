// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stringField } from './fields.ts';
import { parsePreciseJson } from './precise-json.ts';

const large = 12345678901234567890n;

describe('parsePreciseJson', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['12345678901234567890', large],
    ['-12345678901234567890', -large],
    ['{"a":12345678901234567890}', { a: large }],
    ['{"a" :\n\t12345678901234567890}', { a: large }],
    ['{"a" :12345678901234567890}', { a: large }],
    ['{"a":-12345678901234567890}', { a: -large }],
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

  const numbers = [
    ...[
      '0',
      '-0',
      '-0.0',
      '1e3',
      '-1E+3',
      '1e400',
      '-1e400',
      '1e-400',
      '1e16',
      '10000000000000000',
      '10000000000000002',
    ],
    ...['9007199254740991', '-9007199254740991', '9007199254740992', '9007199254740993', '-9007199254740993'],
    ...[
      '9007199254740991.5',
      '12345678901234567890.0',
      '12345678901234567890e1',
      '0.12345678901234567890',
      '1e00000000000000000001',
    ],
    ...['1234567890123456', '9999999999999999', '-12345678901234567890', '1'.repeat(400)],
  ];
  const hostile = [
    ...numbers,
    `[${numbers.join(',')}]`,
    ...['"', '\\', '\\\\', '\\"', '\\\\\\"', '\\u0022', '\\n', ','].map((text) => `["${text}, 12345678901234567"`),
    String.raw`["a\", 12345678901234567, "b\\", "\\\", 12345678901234567]`,
    String.raw`{"\"12345678901234567": 12345678901234568, "\\": [10000000000000000]}`,
    '{"text":"[12345678901234567]","more":" 12345678901234567 ","number":12345678901234567}',
    '{"a":12345678901234567,"a":{"b":1},"a":2}',
    '{"a":2,"a":12345678901234567,"b":10000000000000002,"a":12345678901234569}',
    '{"b":1,"2":12345678901234567,"1":12345678901234569,"a":{"10":1,"9":12345678901234571}}',
    '{"__proto__":12345678901234567,"constructor":{"__proto__":{"__proto__":12345678901234567}},"toString":null}',
    '{"a":{"__proto__":[12345678901234567]},"length":12345678901234567,"":[{},[],null,true,false,""]}',
    '{12345678901234567:1}',
    ...[
      '012345678901234567',
      '-',
      '+12345678901234567',
      '12345678901234567.',
      '.12345678901234567',
      '12345678901234567e',
      '--1',
    ],
    ...[
      '[12345678901234567 12345678901234567]',
      '12345678901234567n',
      'tru12345678901234567',
      '[12345678901234567',
      '["12345678901234567',
    ],
    ...[
      '"12345678901234567\\',
      '[12345678901234567,]',
      '12345678901234567-1',
      '\u00a012345678901234567',
      '\ufeff12345678901234567',
    ],
  ];
  for (const text of hostile) {
    it(`reads as a reviver does: ${JSON.stringify(text).slice(0, 100)}`, () => {
      const texts = [
        text,
        `[12345678901234567, ${text}]`,
        `{"a": ${text}, "b": 12345678901234567}`,
        text.replaceAll(',', ' ,\n\t'),
      ];
      for (const each of texts)
        assert.deepStrictEqual(outcome(parsePreciseJson, each), outcome(parseWithReviver, each));
    });
  }

  it('reads large integers however deep they are', () => {
    const depth = 200_000;
    let inner = parsePreciseJson(`${'['.repeat(depth)}12345678901234567890${']'.repeat(depth)}`);
    for (let level = 0; level < depth; level += 1) inner = Array.isArray(inner) ? inner[0] : undefined;
    assert.equal(inner, large);
  });

  it('parses a text at once where nothing but digests begins with many digits', (context) => {
    const digests = '{"image" : "a@sha256:12345678901234567890", "list": ["sha256:12345678901234567890"]}';
    const looks = context.mock.method(String.prototype, 'charCodeAt');
    parsePreciseJson(digests);
    assert.equal(looks.mock.callCount(), 0);
    parsePreciseJson(digests.replace('"a@', '12345678901234567890, "b" : "a@'));
    assert.notEqual(looks.mock.callCount(), 0);
  });

  it('refuses what is no JSON', () => {
    assert.throws(() => parsePreciseJson('{"a":'), SyntaxError);
  });
});

/** The value and the order of its fields, or the message of the failure. */
function outcome(parse: (text: string) => unknown, text: string): unknown {
  try {
    const value = parse(text);
    return { value, text: JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each)) };
  } catch (error) {
    assert.ok(error instanceof SyntaxError);
    return error.message;
  }
}

/** Slow, and right by its construction. */
function parseWithReviver(text: string): unknown {
  const parsed: unknown = JSON.parse(text, (...[, value, context]: readonly unknown[]) => {
    const source = stringField(context, 'source') ?? '';
    const isLarge = typeof value === 'number' && !Number.isSafeInteger(value) && /^-?[0-9]+$/.test(source);
    return isLarge ? BigInt(source) : value;
  });
  return parsed;
}
