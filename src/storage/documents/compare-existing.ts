// SPDX-License-Identifier: Apache-2.0
import { signatureText } from '../../evidence/signature-text.ts';
import type { SignedArtifact } from '../../evidence/artifact.ts';

/** The evidence that already exists under a name. `owner` is absent if the store has no note of one. */
export interface ExistingEvidence {
  readonly owner?: string | undefined;
  readonly payload: Buffer | undefined;
  readonly signature: Buffer;
}

/**
 * `Same`: there is nothing to write. `Replaceable`: an earlier version of the owner's evidence. `Foreign`: evidence of another owner.
 * `Unnoted`: another signature of the same payload without a note of its owner, which may be about to be written.
 */
export type Comparison = 'Same' | 'Replaceable' | 'Foreign' | 'Unnoted';

/**
 * Compare an artifact with what already exists under its name. Stores that use an image's digest as the name give a TaskRun and its
 * PipelineRun the same name: the signature that one policy made for one of them also serves the other.
 */
export function compareExisting(existing: ExistingEvidence, artifact: SignedArtifact, owner: string): Comparison {
  const hasPayload = existing.payload?.equals(artifact.payload) === true;
  if (hasPayload && existing.signature.equals(signatureText(artifact))) return 'Same';
  if (existing.owner === owner) return 'Replaceable';
  if (!hasPayload) return 'Foreign';
  if (existing.owner === undefined) return 'Unnoted';
  return withoutRun(existing.owner) === withoutRun(owner) ? 'Same' : 'Foreign';
}

/** Owners are `<run UID>/<policy>/<artifact>`, see `evidenceOwner`. */
function withoutRun(owner: string): string {
  return owner.slice(owner.indexOf('/'));
}
