// SPDX-License-Identifier: Apache-2.0
import type { EffectiveSigningPolicySpec } from '../api/v1alpha1/signing-policy/defaults.ts';
import type { EffectiveStorageBackendSpec } from '../api/v1alpha1/storage-backend/defaults.ts';
import { fitsForm, holdsLogEntries } from '../storage/takes-artifact.ts';
import type { Artifact } from '../evidence/artifact.ts';

/** The artifacts of a policy, from the view of one backend. */
export interface PolicyInBackend {
  /** The policy's artifacts of types that the backend accepts. */
  readonly asked: readonly MadeArtifact[];
  /** Those of them that the backend can hold. */
  readonly taken: readonly MadeArtifact[];
  /** True when the backend has room for the log entries that come with every artifact of the policy. */
  readonly holdsWitnesses: boolean;
}

/** Compares the artifacts of a policy with those that a backend accepts. */
export function takesOfPolicy(
  policy: Pick<EffectiveSigningPolicySpec, 'attestation' | 'imageSignatures' | 'runs' | 'transparency'>,
  backend: EffectiveStorageBackendSpec,
): PolicyInBackend {
  const { rekor } = policy.transparency;
  // A policy that may store without its log has artifacts that carry no entry.
  const comesLogged = rekor?.apiVersion === 2 && rekor.onFailure !== 'StoreWithout';
  const holdsWitnesses = !comesLogged || holdsLogEntries(backend, [{}]);
  const asked = madeArtifacts(policy).filter(({ type }) => backend.artifacts.includes(type));
  const taken = holdsWitnesses ? asked.filter(({ form }) => fitsForm(backend, form)) : [];
  return { asked, taken, holdsWitnesses };
}

/** The properties of an artifact that decide whether a backend accepts it. */
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
