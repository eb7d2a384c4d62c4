// SPDX-License-Identifier: Apache-2.0
import type { SignedArtifact } from '../../../evidence/artifact.ts';
import type { Location } from '../../driver.ts';
import { KeyedLock } from '../../keyed-lock.ts';
import { appendLayer } from './append-layer.ts';
import { cosignLayer, cosignTag } from './cosign-layer.ts';
import type { ImageTarget } from '../image-target.ts';
import { ociLocation } from '../oci-location.ts';
import type { Registries } from '../registry/registry-access.ts';
import { repositoryKey, repositoryName } from '../registry/repository.ts';
import type { Repository } from '../registry/repository.ts';
import { sameLayer } from './same-layer.ts';
import { requireImage } from '../require-image.ts';

/** Where evidence about an image goes. */
export interface EvidencePlace {
  readonly image: ImageTarget;
  /** The repository that takes the image's own place. */
  readonly override: Repository | undefined;
  readonly registries: Registries;
}

/** Appends to one tag go one after the other in this process, whichever backend they come from. */
const tags = new KeyedLock();

/** A layer in cosign's tag beside the image, or of that name in the other repository. */
export async function storeLayer(
  artifact: SignedArtifact,
  { image, override, registries }: EvidencePlace,
  signal: AbortSignal,
): Promise<Location> {
  const layer = cosignLayer(artifact);
  const repository = override ?? image.repository;
  const client = await registries.client(repository, 'pull,push');
  // An attestation may be about anything that has a digest, as in Chains; a signature says that there is an image, or a blob.
  if (override === undefined && artifact.type === 'ImageSignature') await requireImage(client, image, signal);
  const tag = cosignTag(image.digest, artifact);
  const place = { tag, name: `${repositoryName(repository)}:${tag}` };
  const key = `${repositoryKey(repository)}:${tag}`;
  const wanted = { layer, isSame: sameLayer(artifact, layer.descriptor) };
  const found = await tags.run(key, signal, () => appendLayer(client, place, wanted, signal));
  return ociLocation(repository, tag, found);
}
