// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../api/v1alpha1/kinds.ts';
import type { SignedArtifact } from './artifact.ts';

/**
 * Chains' name of an artifact: `taskrun-<uid>` or `pipelinerun-<uid>` for a run's attestation, the first 12 hex digits of the
 * image's digest for its signature. Chains has no statement about an image; its name here has the suffix `-statement`.
 */
export function shortKey(
  artifact: Pick<SignedArtifact, 'type' | 'form' | 'subjects' | 'name'>,
  run: { readonly kind: RunKind; readonly uid: string },
): string {
  if (artifact.type === 'Attestation') return `${run.kind.toLowerCase()}-${run.uid}`;
  const digest = artifact.subjects[0]?.digest['sha256'];
  if (digest === undefined) throw new TypeError(`image signature "${artifact.name}" has no sha256 subject`);
  return `${digest.slice(0, 12)}${artifact.form === 'SigstoreStatement' ? '-statement' : ''}`;
}
