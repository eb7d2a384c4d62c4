// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { describe, it } from 'node:test';
import { keyHashes } from './key-hashes.ts';

describe('the hashes that a key may have signed with', () => {
  const ec = (namedCurve: string): KeyObject => generateKeyPairSync('ec', { namedCurve }).publicKey;
  const cases: readonly (readonly [name: string, key: () => KeyObject, hashes: readonly string[]])[] = [
    ['P-256', () => ec('P-256'), ['sha256']],
    ['P-384', () => ec('P-384'), ['sha256', 'sha384']],
    ['P-521', () => ec('P-521'), ['sha256', 'sha512']],
    ['RSA of 2048 bits', () => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey, ['sha256']],
    ['Ed25519', () => generateKeyPairSync('ed25519').publicKey, ['sha256']],
  ];
  for (const [name, key, hashes] of cases) {
    it(`for ${name} are ${hashes.join(' and ')}`, () => {
      assert.deepEqual(keyHashes(key().export({ format: 'pem', type: 'spki' }).toString()), hashes);
    });
  }
});
