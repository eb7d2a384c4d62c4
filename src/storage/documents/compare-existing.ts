// SPDX-License-Identifier: Apache-2.0
import { signatureText } from '../../evidence/signature-text.ts';
import type { SignedArtifact } from '../../evidence/artifact.ts';

/** What lies under a name already. `owner` as it was noted beside it; absent when nobody noted one. */
export interface ExistingEvidence {
  readonly owner?: string | undefined;
  readonly payload: Buffer | undefined;
  readonly signature: Buffer;
}

/**
 * `Same`: nothing is left to write. `Replaceable`: an earlier version of one's own. `Foreign`: somebody else's. `Unnoted`: another
 * signature of the same payload, whose owner nobody noted; where the note follows what it is about, it may be on its way.
 */
export type Standing = 'Same' | 'Replaceable' | 'Foreign' | 'Unnoted';

/**
 * How an artifact stands to what its name holds. Stores that are filed by an image's digest alone give a TaskRun and its PipelineRun
 * the same name: what one policy signed about an image for one run is as good for the other.
 */
export function standing(existing: ExistingEvidence, artifact: SignedArtifact, owner: string): Standing {
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
