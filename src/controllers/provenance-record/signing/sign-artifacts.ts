// SPDX-License-Identifier: Apache-2.0
import { rfc3339Seconds } from '../../../api/v1alpha1/fields/date-time.ts';
import type { EvidenceArtifact } from '../../../api/v1alpha1/provenance-record/schema.ts';
import type { Transparency } from '../../../api/v1alpha1/signing-policy/defaults.ts';
import { signatureFields, unsignedFromEvidence } from '../../../evidence/evidence-artifact.ts';
import type { ArtifactCertificate } from '../../../evidence/artifact.ts';
import { signedBytes } from '../../../evidence/signed-bytes.ts';
import { artifactProblem } from '../../../api/v1alpha1/provenance-record/artifact-problem.ts';
import { SigningError } from '../../../signing/signing-error.ts';
import type { RunSigner } from '../../../signing/run-signer.ts';
import { needsSignature, wantedWitnesses } from '../../../records/artifact-needs.ts';

/** How artifacts are signed, as their policy says. */
export interface Signing {
  readonly signer: RunSigner;
  readonly transparency: Transparency;
  readonly now: Date;
}

/** The artifacts with a signature on each; those whose signature can be verified keep it, so that nothing is signed twice. */
export async function signArtifacts(
  artifacts: readonly EvidenceArtifact[],
  { signer, transparency, now }: Signing,
): Promise<readonly EvidenceArtifact[]> {
  const wanted = wantedWitnesses(transparency);
  const witnesses = wanted.length === 0 ? {} : { witnesses: wanted };
  return Promise.all(
    artifacts.map(async (artifact) => {
      if (!needsSignature(artifact, now, transparency)) return artifact;
      const { signature } = await signer.sign(signedBytes(unsignedFromEvidence(artifact)));
      const { keyID, publicKey } = signer;
      const fields = signatureFields({ signature, keyID, publicKey, ...certificateOf(signer) });
      return fitting({ ...unsignedPart(artifact), ...fields, ...witnesses });
    }),
  );
}

/** What does not fit into the record could never be written down, and would be signed again and again. */
function fitting(artifact: EvidenceArtifact): EvidenceArtifact {
  const problem = artifactProblem(artifact);
  if (problem === undefined) return artifact;
  const message = `the signature of "${artifact.name}" does not fit into its record (${problem}): use a smaller key, or a certificate with a shorter chain`;
  throw new SigningError('KeyInvalid', message);
}

/** Nothing of an earlier signature may stand beside the new one: it can be of another kind of signer. */
function unsignedPart(artifact: EvidenceArtifact): EvidenceArtifact {
  const { name, type, form, payloadType, payload, payloadDigest, subjects, subjectCount } = artifact;
  const { policyGeneration, warnings } = artifact;
  return {
    ...{ name, type, form, payloadType, payload, payloadDigest, subjectCount, policyGeneration },
    ...(subjects === undefined ? {} : { subjects }),
    ...(warnings === undefined ? {} : { warnings }),
  };
}

function certificateOf({ certificate }: RunSigner): { readonly certificate?: ArtifactCertificate } {
  if (certificate === undefined) return {};
  const { chain, identity, issuer, notBefore, notAfter } = certificate;
  const window = { notBefore: rfc3339Seconds(notBefore), notAfter: rfc3339Seconds(notAfter) };
  return { certificate: { chain, identity, issuer, ...window } };
}
