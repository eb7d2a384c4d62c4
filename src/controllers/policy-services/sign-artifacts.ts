// SPDX-License-Identifier: Apache-2.0
import { rfc3339Seconds } from '../../api/v1alpha1/fields/date-time.ts';
import type { Transparency } from '../../api/v1alpha1/signing-policy/defaults.ts';
import { toEvidenceArtifact } from '../../evidence/evidence-artifact.ts';
import type { ArtifactCertificate, RecordedArtifact } from '../../evidence/artifact.ts';
import { signedBytes } from '../../evidence/signed-bytes.ts';
import { artifactProblem } from '../../api/v1alpha1/provenance-record/artifact-problem.ts';
import { SigningError } from '../../signing/signing-error.ts';
import type { RunSigner } from '../../signing/run-signer.ts';
import { needsSignature, wantedWitnesses } from '../../records/artifact-needs.ts';

/** The signer, and the part of the policy that it follows. */
export interface Signing {
  readonly signer: RunSigner;
  readonly transparency: Transparency;
  readonly now: Date;
}

/** Signs artifacts. Those with a signature that can be verified keep it, so that nothing is signed twice. */
export async function signArtifacts(
  artifacts: readonly RecordedArtifact[],
  { signer, transparency, now }: Signing,
): Promise<readonly RecordedArtifact[]> {
  const wanted = wantedWitnesses(transparency);
  const witnesses = wanted.length === 0 ? {} : { witnesses: wanted };
  return Promise.all(
    artifacts.map(async (artifact) => {
      if (!needsSignature(artifact, now, transparency)) return artifact;
      const { signature } = await signer.sign(signedBytes(artifact));
      const { keyID, publicKey } = signer;
      const signed = { signature, keyID, publicKey, ...certificateOf(signer), ...witnesses };
      return fitting({ ...unsignedPart(artifact), ...signed });
    }),
  );
}

/** Rejects a signature that does not fit into the record: it could never be written, and would be made again and again. */
function fitting(artifact: RecordedArtifact): RecordedArtifact {
  const problem = artifactProblem(toEvidenceArtifact(artifact));
  if (problem === undefined) return artifact;
  const message = `the signature of "${artifact.name}" does not fit into its record (${problem}): use a smaller key, or a certificate with a shorter chain`;
  throw new SigningError('KeyInvalid', message);
}

/** Drop every field of an earlier signature: a signer of another kind may have made it. */
function unsignedPart(artifact: RecordedArtifact): RecordedArtifact {
  const { name, type, form, payloadType, payload, subjects, policyGeneration, warnings } = artifact;
  const unsigned = { name, type, form, payloadType, payload, subjects, policyGeneration };
  return warnings === undefined ? unsigned : { ...unsigned, warnings };
}

function certificateOf({ certificate }: RunSigner): { readonly certificate?: ArtifactCertificate } {
  if (certificate === undefined) return {};
  const { chain, identity, issuer, notBefore, notAfter } = certificate;
  const window = { notBefore: rfc3339Seconds(notBefore), notAfter: rfc3339Seconds(notAfter) };
  return { certificate: { chain, identity, issuer, ...window } };
}
