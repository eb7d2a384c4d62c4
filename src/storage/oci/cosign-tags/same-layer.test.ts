// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, it } from 'node:test';
import type { SignedArtifact } from '../../../evidence/artifact.ts';
import { imageFixture } from '../../../evidence/artifact.fixture.ts';
import { cosignLayer } from './cosign-layer.ts';
import { sameLayer } from './same-layer.ts';

function keyPair() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function signed({ privateKey, publicKey }: ReturnType<typeof keyPair>, more: Partial<SignedArtifact> = {}) {
  const image = imageFixture(more);
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { ...image, publicKey: pem, signature: sign('sha256', image.payload, privateKey) };
}

describe('sameLayer', () => {
  const keys = keyPair();
  const wanted = signed(keys);
  const isSame = sameLayer(wanted, cosignLayer(wanted).descriptor);

  it('accepts another signature of the same payload by the same key', () => {
    const other = signed(keys);
    assert.ok(!other.signature.equals(wanted.signature));
    assert.equal(isSame(cosignLayer(other).descriptor), true);
  });

  const strangers: Readonly<Record<string, SignedArtifact>> = {
    'of another key': signed(keyPair()),
    'of another payload': signed(keys, { payload: Buffer.from('{}') }),
    'that does not verify': { ...wanted, signature: Buffer.from('forged') },
  };
  for (const [what, stranger] of Object.entries(strangers)) {
    it(`does not take one ${what}`, () => {
      assert.equal(isSame(cosignLayer(stranger).descriptor), false);
    });
  }

  it('does not take one that lacks a witness, nor one with a certificate', () => {
    const { descriptor } = cosignLayer(wanted);
    const timed = { ...descriptor.annotations, 'dev.sigstore.cosign/rfc3161timestamp': '{}' };
    assert.equal(sameLayer(wanted, { ...descriptor, annotations: timed })(descriptor), false);
    const certified = { ...descriptor.annotations, 'dev.sigstore.cosign/certificate': 'PEM' };
    assert.equal(isSame({ ...descriptor, annotations: certified }), false);
  });
});
