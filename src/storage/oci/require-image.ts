// SPDX-License-Identifier: Apache-2.0
import { StorageError } from '../storage-error.ts';
import type { ImageTarget } from './image-target.ts';
import { imageMediaTypes } from './registry-client.ts';
import type { ManifestDescriptor, RegistryClient } from './registry-client.ts';
import { repositoryName } from './repository.ts';

const IMAGE_TYPES: readonly string[] = Object.values(imageMediaTypes);

/** The image that evidence is about. @throws StorageError `BackendRejected` when it is not there, or is none */
export async function requireImage(
  client: RegistryClient,
  image: ImageTarget,
  signal: AbortSignal,
): Promise<ManifestDescriptor> {
  const found = await client.describeManifest(image.digest, signal);
  const name = `${repositoryName(image.repository)}@${image.digest}`;
  if (found === undefined) {
    throw new StorageError('BackendRejected', `image ${name} does not exist; push it before the run ends`);
  }
  if (IMAGE_TYPES.includes(found.mediaType)) return found;
  throw new StorageError('BackendRejected', `${name} is no image: its media type is "${found.mediaType}"`);
}
