// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { strictJson } from './strict-json.ts';
import { VerificationFailure } from './verification-failure.ts';

function messageOf(json: Buffer | string): string {
  try {
    strictJson(json, 'it');
    return '';
  } catch (error) {
    assert.ok(error instanceof VerificationFailure, String(error));
    assert.equal(error.code, 'MaterialInvalid');
    return error.message;
  }
}

describe('strictJson', () => {
  it('reads valid JSON like JSON.parse, whatever its strings contain', () => {
    const texts = [
      '{"a":{"a":1},"b":[{"a":1},{"a":2}],"c":"a"}',
      String.raw`{"a":"\"b\":1,{","b":"}\\","c":["d",":","d"]}`,
      ' [ "a" , "a" , null , 1e3 , "" ] ',
      '"a"',
      'null',
      '{"__proto__":1,"constructor":2}',
    ];
    for (const text of texts) {
      assert.deepEqual(strictJson(text, 'it'), JSON.parse(text));
      assert.deepEqual(strictJson(Buffer.from(text), 'it'), JSON.parse(text));
    }
  });

  for (const [title, text] of Object.entries({
    'in the outermost object': '{"a":1,"b":2,"a":1}',
    'in one within': '[{"b":{"a":1,"a":2}}]',
    'after an object within': '{"a":{"b":1},"a":2}',
    'in another spelling': String.raw`{"a":1,"\u0061":2}`,
    'with space before the colon': '{"a"\n :1,"a"\t:2}',
    'after a string with quotes': String.raw`{"x":"\\\"","a":1,"a":2}`,
    'with an empty name': '{"":1,"":2}',
  })) {
    it(`refuses a repeated field ${title}`, () => {
      assert.match(messageOf(text), /^it has the field ".*" twice$/);
    });
  }

  it('requires JSON in UTF-8 from the first byte', () => {
    const mark = Buffer.from([0xef, 0xbb, 0xbf]);
    for (const bytes of [
      '',
      '{',
      '{}}',
      'undefined',
      Buffer.from([0x22, 0xff, 0x22]),
      Buffer.concat([mark, Buffer.from('{}')]),
    ]) {
      assert.equal(messageOf(bytes), 'it is not JSON');
    }
  });

  it('reads long and deeply nested JSON', () => {
    const long = JSON.stringify({ a: `"\\`.repeat(1_000_000), b: 'x'.repeat(4_000_000) });
    assert.deepEqual(strictJson(long, 'it'), JSON.parse(long));
    assert.match(messageOf(`${'{"a":'.repeat(2000)}{"b":1,"b":2}${'}'.repeat(2000)}`), /twice/);
  });
});
