// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, it } from 'node:test';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { isSharedSignature } from '../../src/verify/verify-shared.ts';
import type { StoredMaterial } from '../../src/verify/verify-stored.ts';
import { issueCertificate } from '../testbed/certificates/issue-certificate.ts';
import type { CertificateRequest, IssuedCertificate } from '../testbed/certificates/issue-certificate.ts';

const identity = {
  identity: 'https://kubernetes.io/namespaces/a/serviceaccounts/signer',
  issuer: 'https://issuer.example',
};
const digest = 'ab'.repeat(32);
const payload = Buffer.from(
  `{"critical":{"identity":{"docker-reference":"reg.example/app"},"image":{"docker-manifest-digest":"sha256:${digest}"},"type":"cosign container image signature"},"optional":null}`,
);
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicKey = key.publicKey.export({ format: 'pem', type: 'spki' }).toString();
const expected: SignedArtifact = {
  name: 'image-abababababab',
  type: 'ImageSignature',
  form: 'SimpleSigning',
  payloadType: 'application/vnd.dev.cosign.simplesigning.v1+json',
  payload,
  subjects: [{ name: 'reg.example/app', digest: { sha256: digest } }],
  signature: sign('sha256', payload, key.privateKey),
  keyID: 'SHA256:x',
  publicKey,
};
/** ECDSA is randomised: another signature by the same key. */
const another: StoredMaterial = {
  payload,
  signature: sign('sha256', payload, key.privateKey),
  encoding: 'SignatureText',
};

const authority = issueCertificate({ name: 'Issuing', isAuthority: true, usage: 'CodeSigning' });
const trustedRoot = TrustedRoot.fromJSON({
  certificateAuthorities: [{ certChain: { certificates: [{ rawBytes: authority.der.toString('base64') }] } }],
});

function leaf(more: Partial<CertificateRequest> = {}): IssuedCertificate {
  const names = { uri: identity.identity, oidcIssuer: identity.issuer };
  return issueCertificate({ name: '', issuer: authority, usage: 'CodeSigning', ...names, ...more });
}

function keyless({ privateKey, certificate }: IssuedCertificate): StoredMaterial {
  return { ...another, signature: sign('sha256', payload, privateKey), certificateChain: certificate };
}

describe('a signature that two runs share', () => {
  it('counts when a key of the policy made it over the same payload, a retired one included', () => {
    assert.ok(isSharedSignature(another, expected, { publicKeys: [publicKey] }));
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'pem', type: 'spki' });
    assert.ok(isSharedSignature(another, expected, { publicKeys: [other.toString(), publicKey] }));
    assert.ok(!isSharedSignature(another, expected, { publicKeys: [other.toString()] }));
    assert.ok(!isSharedSignature(another, expected, { publicKeys: [] }));
  });

  it('does not count for another payload, a broken signature, or evidence that no two runs share', () => {
    const trust = { publicKeys: [publicKey] };
    assert.ok(!isSharedSignature({ ...another, payload: Buffer.from('{}') }, expected, trust));
    assert.ok(!isSharedSignature({ ...another, signature: Buffer.from('garbage') }, expected, trust));
    assert.ok(!isSharedSignature(another, { ...expected, form: 'InTotoStatement' }, trust));
    assert.ok(!isSharedSignature({ ...another, encoding: 'SigstoreBundle' }, expected, trust));
  });

  it('is another one: anything wrong with our own signature is in its annotations', () => {
    assert.ok(!isSharedSignature({ ...another, signature: expected.signature }, expected, { publicKeys: [publicKey] }));
  });

  it("counts with a certificate that the policy's authority issued to its identity", () => {
    assert.ok(isSharedSignature(keyless(leaf()), expected, { publicKeys: [], identity, trustedRoot }));
  });

  const forged: readonly (readonly [what: string, stored: StoredMaterial, trust: object])[] = [
    ['of another identity', keyless(leaf({ uri: `${identity.identity}-2` })), { identity, trustedRoot }],
    ['of another issuer', keyless(leaf({ oidcIssuer: 'https://evil.example' })), { identity, trustedRoot }],
    [
      'that it issued itself',
      keyless(
        issueCertificate({ name: '', usage: 'CodeSigning', uri: identity.identity, oidcIssuer: identity.issuer }),
      ),
      { identity, trustedRoot },
    ],
    ['that is not for signing code', keyless(leaf({ usage: 'ServerAuth' })), { identity, trustedRoot }],
    ['without a trusted root', keyless(leaf()), { identity }],
    ['where the policy has no identity', keyless(leaf()), { trustedRoot }],
    ['that belongs to another key', { ...another, certificateChain: leaf().certificate }, { identity, trustedRoot }],
    ['that cannot be read', { ...another, certificateChain: 'nonsense' }, { identity, trustedRoot }],
  ];
  for (const [what, stored, trust] of forged) {
    it(`does not count with a certificate ${what}`, () => {
      assert.ok(!isSharedSignature(stored, expected, { publicKeys: [publicKey], ...trust }));
    });
  }
});
