// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { shortKey } from '../../evidence/short-key.ts';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import type { RunTarget } from '../run-target.ts';

/** A backend's scheme of names: Chains', or one in which no two policies share a name. */
export type KeyScheme = 'Reference' | 'PerPolicy';

/**
 * The name of an artifact in stores with named objects: Chains' short key. `PerPolicy` appends 10 hex digits of a hash over the policy
 * and, for an image, its name, because two repositories can have the same digest.
 */
export function evidenceName(artifact: SignedArtifact, run: RunTarget, keys: KeyScheme): string {
  const name = shortKey(artifact, run);
  if (keys === 'Reference') return name;
  const image = artifact.type === 'ImageSignature' ? artifact.subjects[0]?.name : undefined;
  return `${name}-${policyDigest(run, image)}`;
}

/**
 * The owner of a name: one artifact of one run under one policy. Drivers note it with the evidence, so that a repetition may replace
 * it and no other owner's evidence is overwritten.
 */
export function evidenceOwner(artifact: SignedArtifact, run: RunTarget): string {
  return `${run.uid}/${policyDigest(run)}/${artifact.name}`;
}

function policyDigest({ policy }: RunTarget, image?: string): string {
  const names = [policy.kind, policy.namespace, policy.name];
  const text = JSON.stringify(image === undefined ? names : [...names, image]);
  return createHash('sha256').update(text).digest('hex').slice(0, 10);
}
