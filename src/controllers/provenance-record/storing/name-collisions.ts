// SPDX-License-Identifier: Apache-2.0
import type { SignedArtifact } from '../../../evidence/artifact.ts';
import { StorageError } from '../../../storage/storage-error.ts';
import type { ArtifactOutcome, ArtifactsToStore } from './store-artifacts.ts';

/**
 * The artifacts whose name in a backend belongs to an earlier artifact of the same record, as for one digest in two repositories. The
 * earlier one keeps the name, so that reading it back returns what was stored.
 */
export function nameCollisions({ driver, artifacts, run }: ArtifactsToStore): readonly ArtifactOutcome[] {
  const owners = new Map<string, SignedArtifact>();
  return artifacts.flatMap((artifact) => {
    const name = driver.nameOf?.(artifact, run);
    if (name === undefined) return [];
    const owner = owners.get(name);
    if (owner !== undefined) return [{ artifact, error: collision(name, artifact, owner), isPlaceless: true }];
    owners.set(name, artifact);
    return [];
  });
}

function collision(name: string, artifact: SignedArtifact, owner: SignedArtifact): StorageError {
  const images = [owner, artifact].map(({ subjects }) => subjects[0]?.name ?? 'an image').join(' and ');
  const message = `${artifact.name} has the name "${name}", which ${owner.name} of the same record holds: ${images} are of one digest; a backend of type OCI keeps both, as does spec.keys PerPolicy where the type has it`;
  return new StorageError('KeyConflict', message);
}
