// SPDX-License-Identifier: Apache-2.0
import { rfc3339Seconds } from '../../api/v1alpha1/date-time.ts';
import type { EvidenceArtifact } from '../../api/v1alpha1/provenance-record/schema.ts';
import { signatureFields, unsignedFromEvidence } from '../../evidence/evidence-artifact.ts';
import type { ArtifactCertificate } from '../../evidence/signed-artifact.ts';
import { signedBytes } from '../../evidence/signed-bytes.ts';
import type { RunSigner } from '../../signing/run-signer.ts';
import { needsSignature } from './artifact-needs.ts';

/** The artifacts with a signature on each; those whose signature can be verified keep it, so that nothing is signed twice. */
export async function signArtifacts(
  artifacts: readonly EvidenceArtifact[],
  signer: RunSigner,
  now: Date,
): Promise<readonly EvidenceArtifact[]> {
  return Promise.all(
    artifacts.map(async (artifact) => {
      if (!needsSignature(artifact, now)) return artifact;
      const { signature } = await signer.sign(signedBytes(unsignedFromEvidence(artifact)));
      const { keyID, publicKey } = signer;
      return { ...artifact, ...signatureFields({ signature, keyID, publicKey, ...certificateOf(signer) }) };
    }),
  );
}

function certificateOf({ certificate }: RunSigner): { readonly certificate?: ArtifactCertificate } {
  if (certificate === undefined) return {};
  const { chain, identity, issuer, notBefore, notAfter } = certificate;
  const window = { notBefore: rfc3339Seconds(notBefore), notAfter: rfc3339Seconds(notAfter) };
  return { certificate: { chain, identity, issuer, ...window } };
}
