// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { vaultPublicKey } from './vault-public-key.ts';

const uri = 'openbao://k';

function pem(): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  return publicKey.export({ format: 'pem', type: 'spki' }).toString();
}

function answer(keys: object, latest = 3): unknown {
  return { data: { type: 'ecdsa-p384', latest_version: latest, keys } };
}

describe('the public half of a transit key', () => {
  it('is that of the latest version, with the earlier ones, newest first', () => {
    const [one, two, three] = [pem(), pem(), pem()];
    const keys = { 1: { public_key: one }, 2: { public_key: two }, 3: { public_key: three } };
    const found = vaultPublicKey(answer(keys), undefined, uri);
    const shown = [found.key, ...(found.earlier ?? [])].map((key) => key.export({ format: 'pem', type: 'spki' }));
    assert.deepEqual(shown, [three, two, one]);
    assert.deepEqual([found.digest, found.version], ['sha256', '3']);
    assert.equal(vaultPublicKey(answer(keys), 2, uri).version, '2');
  });

  it('of Ed25519 is 32 bytes, and is not hashed with', () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const bytes = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64');
    const found = vaultPublicKey(answer({ 3: { public_key: bytes } }), undefined, uri);
    assert.ok(found.key.equals(publicKey));
    assert.equal(found.digest, null);
  });

  it('is missing where the version or the half is', () => {
    const keys = { 3: { public_key: pem() } };
    assert.throws(() => vaultPublicKey(answer(keys), 1, uri), { reason: 'KeyNotFound', message: /version 1/ });
    assert.throws(() => vaultPublicKey(answer({ 3: 1764000000 }), undefined, uri), { reason: 'KeyInvalid' });
  });

  it('is not made of anything else', () => {
    for (const wrong of [undefined, [], 'x', {}, { data: {} }, { data: { latest_version: '3' } }]) {
      assert.throws(() => vaultPublicKey(wrong, undefined, uri), TypeError);
    }
    assert.throws(() => vaultPublicKey(answer({ 3: { public_key: 'AAAA' } }), undefined, uri));
  });
});
