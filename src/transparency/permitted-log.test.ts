// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { forbiddenLog } from './permitted-log.ts';

const permitted = ['https://rekor.example.com', 'http://rekor.internal:3000/base/'];

const rows: readonly (readonly [url: string, isPermitted: boolean])[] = [
  ['https://rekor.example.com', true],
  ['https://rekor.example.com/', true],
  ['https://REKOR.example.com:443', true],
  ['http://rekor.internal:3000/base', true],
  ['http://rekor.example.com', false],
  ['https://rekor.example.com:8443', false],
  ['https://rekor.example.com/base', false],
  ['https://rekor.example.com.evil.example', false],
  ['http://rekor.internal:3000', false],
];

describe('forbiddenLog', () => {
  for (const [url, isPermitted] of rows) {
    it(`${isPermitted ? 'permits' : 'forbids'} ${url}`, () => {
      assert.equal(forbiddenLog(url, permitted) === undefined, isPermitted);
    });
  }

  it('permits nothing by default, and names who can change that', () => {
    assert.match(forbiddenLog('https://rekor.example.com', []) ?? '', /administrator.*"transparency\.logs"/);
  });
});
