// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tokenHost } from './token-host.ts';

const rows: readonly (readonly [url: string, host: string])[] = [
  ['https://fulcio.example', 'fulcio.example'],
  ['https://fulcio.example:443/path', 'fulcio.example'],
  ['https://fulcio.example:8443', 'fulcio.example:8443'],
  ['http://fulcio.example', 'fulcio.example:80'],
  ['http://fulcio.example:80', 'fulcio.example:80'],
  ['http://127.0.0.1:5555/', '127.0.0.1:5555'],
];

describe('tokenHost', () => {
  for (const [url, host] of rows) {
    it(`is ${host} for ${url}`, () => {
      assert.equal(tokenHost(new URL(url)), host);
    });
  }
});
