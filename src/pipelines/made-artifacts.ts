// SPDX-License-Identifier: Apache-2.0
import type { EffectiveSigningPolicySpec } from '../api/v1alpha1/signing-policy/defaults.ts';
import type { Artifact } from '../evidence/artifact.ts';

/** What tells artifacts apart that a backend takes or not. */
export type MadeArtifact = Pick<Artifact, 'type' | 'form'>;

/** The kinds of artifacts that runs of a policy can have. Images are signed for TaskRuns alone. */
export function madeArtifacts({
  attestation,
  imageSignatures,
  runs,
}: Pick<EffectiveSigningPolicySpec, 'attestation' | 'imageSignatures' | 'runs'>): readonly MadeArtifact[] {
  const signsImages = runs.kinds.includes('TaskRun');
  const images = (signsImages ? imageSignatures.formats : []).map((form): MadeArtifact => {
    return { type: 'ImageSignature', form };
  });
  return attestation.format === 'None' ? images : [{ type: 'Attestation', form: 'InTotoStatement' }, ...images];
}
