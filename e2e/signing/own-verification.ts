// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { it } from 'node:test';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { contractArtifact } from '../../src/signing/contract-artifacts.fixture.ts';
import { KeySigner } from '../../src/signing/key/key-signer.ts';
import type { SignerSubject } from '../../src/signing/signer.contract.ts';
import { artifactMaterial } from '../../src/verify/material/artifact-material.ts';
import type { Expectations } from '../../src/verify/expectations.ts';
import type { VerificationResult } from '../../src/verify/verification-result.ts';
import { verifyArtifact } from '../../src/verify/verify-artifact.ts';
import { tamperings } from './tamperings.ts';

const never = new AbortController().signal;
const ABOUT = { name: 'registry.example.com/tekton', sha256: 'ab'.repeat(32) };
const FORMS = ['InTotoStatement', 'SimpleSigning', 'SigstoreStatement'] as const;

/** Our own verifier on a signer's evidence, as the operator runs it on what it reads back. */
export function itVerifiesItself(subject: SignerSubject): void {
  it('is verified by Hallmark in every form, and refused once payload, signature or signer are others', async () => {
    const source = await subject.source();
    const stranger = new KeySigner(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 'sha256');
    for (const form of FORMS) {
      const signed = await contractArtifact(form, ABOUT, await source.signer(never));
      const artifact = subject.certified === undefined ? signed : await subject.certified.witness(signed);
      const { verified, problems } = await judged(subject, artifact, artifact);
      assert.deepEqual([verified, problems], [true, []], form);
      for (const [what, tamper] of Object.entries(tamperings)) {
        assert.equal(
          (await judged(subject, tamper(artifact), artifact)).verified,
          false,
          `${form} with another ${what}`,
        );
      }
      const forged = await contractArtifact(form, ABOUT, stranger);
      assert.equal((await judged(subject, forged, artifact)).verified, false, `${form} of a stranger`);
    }
    await source.close();
  });
}

/** The findings about an artifact when another one is expected. */
async function judged(
  { certified }: SignerSubject,
  artifact: SignedArtifact,
  { keyID, publicKey, certificate, subjects }: SignedArtifact,
): Promise<VerificationResult> {
  const expectations: Expectations = {
    keys: certificate === undefined ? [{ keyID, publicKey }] : [],
    identities: certificate === undefined ? [] : [certificate],
    trustedRoot: await certified?.trustedRoot(),
    predicateTypes: ['https://slsa.dev/provenance/v1', 'https://sigstore.dev/cosign/sign/v1'],
    subjects: subjects.map(({ digest }) => digest),
    logs: certified?.thresholds.tlogThreshold ?? 0,
    timestamps: 0,
    now: new Date(),
  };
  return verifyArtifact(artifactMaterial(artifact), expectations);
}
