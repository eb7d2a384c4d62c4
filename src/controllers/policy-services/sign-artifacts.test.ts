// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { describe, it } from 'node:test';
import { artifactFixture, unsignedFixture } from '../../evidence/artifact.fixture.ts';
import { requireSigned } from '../../evidence/evidence-artifact.ts';
import { signedBytes } from '../../evidence/signed-bytes.ts';
import { KeySigner } from '../../signing/key/key-signer.ts';
import { signArtifacts } from './sign-artifacts.ts';

const now = new Date('2026-01-01T00:20:00Z');
const url = 'https://witness.example';
const signer = new KeySigner(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 'sha256');
const unsigned = unsignedFixture();
const window = { notBefore: '2026-01-01T00:00:00Z', notAfter: '2026-01-01T00:10:00Z' };
const ended = artifactFixture({
  signature: Buffer.from('old'),
  keyID: 'old',
  publicKey: 'old',
  certificate: { chain: 'old', identity: 'me', issuer: 'us', ...window },
  witnesses: ['Log'],
});

describe('signArtifacts', () => {
  it('drops an expired certificate without witnesses when a key signs again', async () => {
    const signing = { signer, transparency: { timestampAuthorities: [] }, now };
    const [again] = await signArtifacts([ended], signing);
    assert.ok(again);
    assert.deepEqual([again.certificate, again.witnesses, again.keyID], [undefined, undefined, signer.keyID]);
    const made = requireSigned(again);
    assert.ok(verify('sha256', signedBytes(made), createPublicKey(made.publicKey), made.signature));
  });

  it('records the witnesses that a signature needs', async () => {
    const transparency = { timestampAuthorities: [{ url }] };
    const [made] = await signArtifacts([unsigned], { signer, transparency, now });
    assert.deepEqual(made?.witnesses, ['TimestampAuthority']);
  });

  it('keeps a witnessed signature', async () => {
    const seen = { ...ended, timestamps: [{ url, time: window.notBefore, token: 'dG9r' }] };
    const signing = { signer, transparency: { timestampAuthorities: [] }, now };
    assert.deepEqual(await signArtifacts([seen], signing), [seen]);
  });
});
