// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { shortKey } from '../../evidence/short-key.ts';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import type { RunTarget } from '../driver.ts';

/** How a backend names what it stores: as Chains does, or so that no two policies meet. */
export type KeyScheme = 'Reference' | 'PerPolicy';

/**
 * The key under which stores with named objects file an artifact: Chains' short key, and under `PerPolicy` 10 hex digits of a hash
 * behind it, over the policy and, for an image, its name: one digest can lie in two repositories.
 */
export function evidenceName(artifact: SignedArtifact, run: RunTarget, keys: KeyScheme): string {
  const name = shortKey(artifact, run);
  if (keys === 'Reference') return name;
  const image = artifact.type === 'ImageSignature' ? artifact.subjects[0]?.name : undefined;
  return `${name}-${policyDigest(run, image)}`;
}

/**
 * Who owns what is filed under a name: one artifact of one run under one policy. Drivers note it beside what they write, so that
 * the same evidence may be written again and nobody else's is overwritten.
 */
export function evidenceOwner(artifact: SignedArtifact, run: RunTarget): string {
  return `${run.uid}/${policyDigest(run)}/${artifact.name}`;
}

function policyDigest({ policy }: RunTarget, image?: string): string {
  const names = [policy.kind, policy.namespace, policy.name];
  const text = JSON.stringify(image === undefined ? names : [...names, image]);
  return createHash('sha256').update(text).digest('hex').slice(0, 10);
}
