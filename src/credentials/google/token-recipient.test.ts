// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isTokenRecipient } from './token-recipient.ts';

describe('isTokenRecipient', () => {
  const rows: readonly (readonly [host: string, stsEndpoint: string | undefined, isRecipient: boolean])[] = [
    ['storage.googleapis.com', undefined, true],
    ['STORAGE.GoogleAPIs.com', undefined, true],
    ['private.example', undefined, false],
    ['private.example', 'https://sts.example', false],
    ['sts.example', 'https://sts.example:8443/v1', true],
    ['evil-googleapis.com', undefined, false],
    ['googleapis.com.evil.example', undefined, false],
    ['', 'no url', false],
  ];
  for (const [host, stsEndpoint, isRecipient] of rows) {
    it(`says ${isRecipient} of "${host}" with ${stsEndpoint ?? 'the usual token service'}`, () => {
      assert.equal(isTokenRecipient(host, stsEndpoint), isRecipient);
    });
  }
});
