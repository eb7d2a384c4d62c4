// SPDX-License-Identifier: Apache-2.0
import type { EffectiveSigningPolicySpec } from '../api/v1alpha1/signing-policy/defaults.ts';
import type { EffectiveStorageBackendSpec } from '../api/v1alpha1/storage-backend/defaults.ts';
import { fitsForm, holdsLogEntries } from '../storage/takes-artifact.ts';
import { type MadeArtifact, madeArtifacts } from './made-artifacts.ts';

/** What a policy makes, and what becomes of it in a backend. */
export interface PolicyInBackend {
  /** What the policy makes of the types that the backend takes. */
  readonly asked: readonly MadeArtifact[];
  /** What of that the backend can hold. */
  readonly taken: readonly MadeArtifact[];
  /** True when the backend has room for the log entries that come with every artifact of the policy. */
  readonly holdsWitnesses: boolean;
}

/** What a backend takes of what a policy makes. */
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
