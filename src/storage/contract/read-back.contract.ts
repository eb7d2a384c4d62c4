// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { signatureText } from '../../evidence/signature-text.ts';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import { sigstoreBundleText } from '../../evidence/sigstore-bundle.ts';
import { selfSignedCertificate } from '../../net/self-signed-certificate.fixture.ts';
import type { ContractSubject } from './driver.contract.ts';
import { storedWitnesses, witnessAnnotations } from '../oci/cosign-tags/witness-annotations.ts';
import { reasonOf } from '../reason-of.fixture.ts';
import type { StoredEvidence } from '../stored-evidence.ts';

const never = new AbortController().signal;

/** The evidence that `get` must return for a stored artifact. */
export function readBack(
  {
    encoding = 'SignatureText',
    keepsCertificates = true,
    keepsWitnesses = false,
  }: Pick<ContractSubject, 'encoding' | 'keepsCertificates' | 'keepsWitnesses'>,
  artifact: SignedArtifact,
): StoredEvidence {
  const { payload, certificate } = artifact;
  if (encoding === 'SigstoreBundle') {
    return { payload, signature: Buffer.from(sigstoreBundleText(artifact)), encoding };
  }
  return {
    payload,
    signature: signatureText(artifact),
    encoding,
    ...(keepsCertificates ? { certificateChain: certificate?.chain ?? '' } : {}),
    ...(keepsWitnesses ? { witnesses: storedWitnesses(witnessAnnotations(artifact)) } : {}),
  };
}

/** A keyless artifact with two certificates, the signing one first. */
function certified(artifact: SignedArtifact): SignedArtifact {
  const chain = selfSignedCertificate().certificate + selfSignedCertificate().certificate;
  const times = { notBefore: '2026-01-01T00:00:00Z', notAfter: '2026-01-01T00:10:00Z' };
  return { ...artifact, certificate: { chain, identity: 'builder', issuer: 'https://issuer.example', ...times } };
}

/** A driver reads back what it stored, and refuses other locations. */
export function describeReadBack(subject: ContractSubject): void {
  it('returns what was stored', async () => {
    const { run, attestation, image } = await subject.fixture();
    const driver = subject.driver();
    for (const artifact of [attestation, image]) {
      const locations = await driver.put(artifact, run, never);
      assert.ok(locations.length > 0);
      for (const location of locations) {
        assert.deepEqual(await driver.get(location, never, run), readBack(subject, artifact));
      }
    }
    await driver.close?.();
  });

  it('gives back the certificates of a keyless signature, where it has room for them', async () => {
    const { run, attestation, image } = await subject.fixture();
    const driver = subject.driver();
    for (const artifact of [attestation, image].map(certified)) {
      for (const location of await driver.put(artifact, run, never)) {
        assert.deepEqual(await driver.get(location, never, run), readBack(subject, artifact));
      }
    }
  });

  it('refuses a location that it never gave', async () => {
    const { run } = await subject.fixture();
    assert.equal(await reasonOf(subject.driver().get({ uri: 'file:///etc/passwd' }, never, run)), 'BackendRejected');
  });
}
