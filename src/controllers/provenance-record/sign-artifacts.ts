// SPDX-License-Identifier: Apache-2.0
import type { EvidenceArtifact } from '../../api/v1alpha1/provenance-record/schema.ts';
import { signatureFields, unsignedFromEvidence } from '../../evidence/evidence-artifact.ts';
import { signedBytes } from '../../evidence/signed-bytes.ts';
import type { KeySigner } from '../../signing/key-signer.ts';

/** The artifacts with a signature on each; those that have one keep it, so that nothing is ever signed twice. */
export async function signArtifacts(
  artifacts: readonly EvidenceArtifact[],
  signer: KeySigner,
): Promise<readonly EvidenceArtifact[]> {
  return Promise.all(
    artifacts.map(async (artifact) => {
      if (artifact.signature !== undefined) return artifact;
      const { signature } = await signer.sign(signedBytes(unsignedFromEvidence(artifact)));
      return { ...artifact, ...signatureFields({ signature, keyID: signer.keyID, publicKey: signer.publicKey }) };
    }),
  );
}
