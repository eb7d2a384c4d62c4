// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { publicKeyOf } from './public-key.ts';

function pem(): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return publicKey.export({ format: 'pem', type: 'spki' }).toString();
}

describe('publicKeyOf', () => {
  it('parses the text of a key once, and keeps keys apart', () => {
    const [one, other] = [pem(), pem()];
    assert.ok(publicKeyOf(one).equals(createPublicKey(one)));
    assert.ok(publicKeyOf(other).equals(createPublicKey(other)));
    assert.equal(publicKeyOf(one), publicKeyOf(one));
  });

  it('rejects what is no key, each time', () => {
    for (const text of ['', 'PEM']) for (let time = 0; time < 2; time += 1) assert.throws(() => publicKeyOf(text));
  });
});
