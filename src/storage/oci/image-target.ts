// SPDX-License-Identifier: Apache-2.0
import type { SignedArtifact, Subject } from '../../evidence/artifact.ts';
import { imageOfSubject } from '../../tekton/images/image-name.ts';
import { StorageError } from '../storage-error.ts';
import type { Registries } from './registry/registry-access.ts';
import { imageMediaTypes } from './registry/registry-client.ts';
import type { RegistryClient } from './registry/registry-client.ts';
import { parseRepository, repositoryName } from './registry/repository.ts';
import type { Repository } from './registry/repository.ts';
import type { ManifestDescriptor } from './registry/manifest.ts';

/** An image that evidence is attached to. */
export interface ImageTarget {
  readonly repository: Repository;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
}

/** An image and the repository that its evidence goes to. */
export interface EvidencePlace {
  readonly image: ImageTarget;
  /** Replaces the image's own repository. */
  readonly override: Repository | undefined;
  readonly registries: Registries;
}

const IMAGE_TYPES: readonly string[] = Object.values(imageMediaTypes);

/** The images among an artifact's subjects, without duplicates. Other subjects have no place in a registry. */
export function imageTargets(artifact: Pick<SignedArtifact, 'subjects'>): readonly ImageTarget[] {
  const targets = artifact.subjects.map(imageTarget).filter((target) => target !== undefined);
  return [
    ...new Map(targets.map((target) => [`${repositoryName(target.repository)}@${target.digest}`, target])).values(),
  ];
}

function imageTarget(subject: Subject): ImageTarget | undefined {
  const sha256 = subject.digest['sha256'];
  if (sha256 === undefined || !/^[a-f0-9]{64}$/.test(sha256)) return undefined;
  const image = imageOfSubject(subject.name, sha256);
  const repository = image === undefined ? undefined : parseRepository(image.repository);
  return repository === undefined ? undefined : { repository, digest: `sha256:${sha256}` };
}

/**
 * Describe the manifest of an image; `Blob` when the digest is that of a blob, which no manifest can refer to.
 * @throws StorageError `BackendRejected` when the digest does not exist, or names a manifest that is not an image
 */
export async function requireImage(
  client: RegistryClient,
  image: ImageTarget,
  signal: AbortSignal,
): Promise<ManifestDescriptor | 'Blob'> {
  const manifest = await client.describeManifest(image.digest, signal);
  const name = `${repositoryName(image.repository)}@${image.digest}`;
  if (manifest === undefined) {
    if (await client.hasBlob(image.digest, signal)) return 'Blob';
    throw new StorageError('BackendRejected', `image ${name} does not exist; push it before the run ends`);
  }
  if (IMAGE_TYPES.includes(manifest.mediaType)) return manifest;
  throw new StorageError('BackendRejected', `${name} is not an image: its media type is "${manifest.mediaType}"`);
}
