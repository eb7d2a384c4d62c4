// SPDX-License-Identifier: Apache-2.0
import { StorageError } from '../storage-error.ts';
import type { ImageTarget } from './image-target.ts';
import { imageMediaTypes } from './registry/registry-client.ts';
import type { ManifestDescriptor, RegistryClient } from './registry/registry-client.ts';
import { repositoryName } from './registry/repository.ts';

const IMAGE_TYPES: readonly string[] = Object.values(imageMediaTypes);

/**
 * The image that evidence is about; `Blob` where the digest is of a blob, which no manifest can refer to.
 * @throws StorageError `BackendRejected` when there is nothing of this digest, or a manifest that is no image
 */
export async function requireImage(
  client: RegistryClient,
  image: ImageTarget,
  signal: AbortSignal,
): Promise<ManifestDescriptor | 'Blob'> {
  const found = await client.describeManifest(image.digest, signal);
  const name = `${repositoryName(image.repository)}@${image.digest}`;
  if (found === undefined) {
    if (await client.hasBlob(image.digest, signal)) return 'Blob';
    throw new StorageError('BackendRejected', `image ${name} does not exist; push it before the run ends`);
  }
  if (IMAGE_TYPES.includes(found.mediaType)) return found;
  throw new StorageError('BackendRejected', `${name} is no image: its media type is "${found.mediaType}"`);
}
