// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseEnvelopeBody, gitoid } from './envelope-body.ts';

describe('gitoid', () => {
  it('names the empty blob as git does', () => {
    const hash = gitoid(Buffer.alloc(0));
    assert.equal(hash, '473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813');
  });
});

describe('parseEnvelopeBody', () => {
  for (const [what, text] of [
    ['no JSON', 'x'],
    ['no envelope', '{"payload":"e30="}'],
    ['two signatures', '{"payload":"","payloadType":"","signatures":[{"keyid":"","sig":""},{"keyid":"","sig":""}]}'],
  ] as const) {
    it(`does not parse ${what}`, () => {
      assert.equal(parseEnvelopeBody(Buffer.from(text)), undefined);
    });
  }
});
