// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tokenAudiences } from './token-audiences.ts';

const bearer = (claims: unknown): string =>
  `Bearer e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;

describe('tokenAudiences', () => {
  const rows: readonly (readonly [what: string, authorization: string | undefined, audiences: readonly string[]])[] = [
    ['several', bearer({ aud: ['https://container.example', 'k3s'] }), ['https://container.example', 'k3s']],
    ['one', bearer({ aud: 'api' }), ['api']],
    ['none', bearer({ sub: 'x' }), []],
    ['what is no text', bearer({ aud: [1, null, 'api'] }), ['api']],
    ['an opaque token', 'Bearer 0123456789abcdef', []],
    ['a malformed token', 'Bearer a.b.c', []],
    ['a password', 'Basic YTpi', []],
    ['nothing', undefined, []],
  ];
  for (const [what, authorization, audiences] of rows) {
    it(`reads ${what}`, () => {
      assert.deepEqual(tokenAudiences(authorization), audiences);
    });
  }
});
