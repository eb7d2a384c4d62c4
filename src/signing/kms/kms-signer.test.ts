// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { describe, it } from 'node:test';
import { KmsSigner } from './kms-signer.ts';
import type { KmsPublicKey } from './kms-key.ts';

const uri = 'awskms:///alias/builds';
const data = Buffer.from('what is signed');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const edwards = generateKeyPairSync('ed25519');

function pss(key: KeyObject): Buffer {
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
  return sign('sha256', data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
}

/** A signer whose service responds with this, and the number of responses that it reported as unusable. */
function signer(publicKey: KmsPublicKey, answer: () => Buffer) {
  const refusals = { count: 0 };
  const made = new KmsSigner(publicKey, uri, {
    sign: () => Promise.resolve(answer()),
    refused: () => (refusals.count += 1),
  });
  return { made, refusals };
}

describe('the signer of a key in a service', () => {
  for (const [name, publicKey, answer] of [
    [
      'ECDSA with the hash that the service uses',
      { key: ec.publicKey, digest: 'sha384' },
      () => sign('sha384', data, ec.privateKey),
    ],
    ['RSA with PKCS#1 v1.5', { key: rsa.publicKey, digest: 'sha256' }, () => sign('sha256', data, rsa.privateKey)],
    ['RSA with PSS', { key: rsa.publicKey, digest: 'sha256', padding: 'PSS' }, () => pss(rsa.privateKey)],
    ['Ed25519', { key: edwards.publicKey, digest: null }, () => sign(null, data, edwards.privateKey)],
  ] as const) {
    it(`takes ${name}`, async () => {
      const { made, refusals } = signer(publicKey, answer);
      const { signature, key } = await made.sign(data);
      assert.equal(refusals.count, 0);
      assert.deepEqual(key.$case, 'publicKey');
      if (!('padding' in publicKey)) assert.ok(verify(publicKey.digest, data, made.publicKey, signature));
    });
  }

  for (const [name, publicKey, answer] of [
    ['of another hash', { key: ec.publicKey, digest: 'sha256' }, () => sign('sha384', data, ec.privateKey)],
    ['of another padding', { key: rsa.publicKey, digest: 'sha256' }, () => pss(rsa.privateKey)],
    [
      'of other bytes',
      { key: edwards.publicKey, digest: null },
      () => sign(null, Buffer.from('x'), edwards.privateKey),
    ],
    ['that is empty', { key: edwards.publicKey, digest: null }, () => Buffer.alloc(0)],
    ['that is none', { key: ec.publicKey, digest: 'sha384' }, () => Buffer.from('garbage')],
  ] as const) {
    it(`hands out no signature ${name}, and has the key asked for again`, async () => {
      const { made, refusals } = signer(publicKey, answer);
      await assert.rejects(made.sign(data), { reason: 'SignerUnavailable', message: /does not verify/ });
      assert.equal(refusals.count, 1);
    });
  }

  it('is not made of a key that verifiers do not take', () => {
    const { publicKey: key } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    assert.throws(() => signer({ key, digest: 'sha256' }, () => data), { reason: 'KeyInvalid', message: /awskms/ });
  });
});
