// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, it } from 'node:test';
import { ecdsaSignature } from './ecdsa-signature.ts';

const text = Buffer.from('what is signed');

describe('the ASN.1 form of an ECDSA signature', () => {
  for (const [namedCurve, digest] of [
    ['P-256', 'sha256'],
    ['P-384', 'sha384'],
    ['P-521', 'sha512'],
  ] as const) {
    it(`verifies on ${namedCurve}, whatever r and s begin with`, () => {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
      for (let round = 0; round < 64; round += 1) {
        const raw = sign(digest, text, { key: privateKey, dsaEncoding: 'ieee-p1363' });
        assert.ok(verify(digest, text, publicKey, ecdsaSignature(raw)));
      }
    });
  }

  it('is the shortest one', () => {
    const raw = Buffer.concat([Buffer.from('0000007f', 'hex'), Buffer.from('00000080', 'hex')]);
    assert.equal(ecdsaSignature(raw).toString('hex'), '300702017f02020080');
    assert.equal(ecdsaSignature(Buffer.alloc(8)).toString('hex'), '3006020100020100');
  });

  it('is not made of anything else', () => {
    assert.throws(() => ecdsaSignature(Buffer.alloc(0)), TypeError);
    assert.throws(() => ecdsaSignature(Buffer.alloc(63)), TypeError);
  });
});
