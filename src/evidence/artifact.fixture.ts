// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { EvidenceArtifact } from '../api/v1alpha1/provenance-record/evidence.ts';
import type { Artifact, RecordedArtifact, SignedArtifact } from './artifact.ts';
import { toEvidenceArtifact } from './evidence-artifact.ts';

/** A recorded attestation about one image, without a signature. Its payload is a statement without content. */
export function unsignedFixture(more: Partial<Artifact> = {}): RecordedArtifact {
  return {
    name: 'attestation',
    type: 'Attestation',
    form: 'InTotoStatement',
    payloadType: 'application/vnd.in-toto+json',
    payload: Buffer.from('{"predicate":{"n":1}}'),
    subjects: [{ name: 'reg.example/app', digest: { sha256: 'ab'.repeat(32) } }],
    policyGeneration: 1,
    ...more,
  };
}

/** That attestation with bytes in place of a signature: enough to name, compare and store it. */
export function artifactFixture(more: Partial<SignedArtifact> = {}): SignedArtifact & RecordedArtifact {
  const signature = { signature: Buffer.from('signature'), keyID: 'SHA256:key', publicKey: 'not read here' };
  return { ...unsignedFixture(), ...signature, ...more };
}

/** The signature of that image. */
export function imageFixture(more: Partial<SignedArtifact> = {}): SignedArtifact & RecordedArtifact {
  return artifactFixture({ name: 'image-abababababab', type: 'ImageSignature', form: 'SimpleSigning', ...more });
}

/** The record's form of the attestation without a signature. */
export function evidenceFixture(more: Partial<EvidenceArtifact> = {}): EvidenceArtifact {
  return { ...toEvidenceArtifact(unsignedFixture()), ...more };
}

/** A signed artifact whose record dropped its payload, which these places hold. */
export function droppedFixture(
  artifact: EvidenceArtifact,
  payloadLocations: NonNullable<EvidenceArtifact['payloadLocations']>,
): EvidenceArtifact {
  const { payload, ...lighter } = artifact;
  assert.ok(payload !== undefined);
  return { ...lighter, payloadLocations };
}

/** The record's form of the signed attestation. */
export function signedEvidenceFixture(more: Partial<EvidenceArtifact> = {}): EvidenceArtifact {
  return { ...toEvidenceArtifact(artifactFixture()), ...more };
}
