// SPDX-License-Identifier: Apache-2.0
import type { SignedArtifact } from '../../../evidence/artifact.ts';
import type { Location, RunTarget } from '../../driver.ts';
import { StorageError } from '../../storage-error.ts';
import { attachBundle } from './attach-bundle.ts';
import { bundleManifest, requireBundleForm } from './bundle-manifest.ts';
import type { ImageTarget } from '../image-target.ts';
import { bundleLocation } from '../oci-location.ts';
import { repositoryName } from '../registry/repository.ts';
import { requireImage } from '../require-image.ts';
import type { EvidencePlace } from '../cosign-tags/store-layer.ts';

/** A bundle that refers to the image, in the image's repository or in the other one. The image itself must be where it is said to be. */
export async function storeBundle(
  { artifact, run }: { readonly artifact: SignedArtifact; readonly run: RunTarget },
  { image, override, registries }: EvidencePlace,
  signal: AbortSignal,
): Promise<Location> {
  requireBundleForm(artifact);
  const home = await registries.client(image.repository, override === undefined ? 'pull,push' : 'pull');
  const subject = await requireImage(home, image, signal);
  if (subject === 'Blob') throw noManifest(artifact, image);
  const client = override === undefined ? home : await registries.client(override, 'pull,push');
  const bundle = bundleManifest(artifact, run, subject);
  await attachBundle(client, image.digest, bundle, signal);
  const { descriptor, bundleDigest } = bundle;
  return bundleLocation({ repository: client.repository, manifest: descriptor.digest, digest: bundleDigest });
}

function noManifest({ name }: SignedArtifact, { repository, digest }: ImageTarget): StorageError {
  const message = `"${name}" is about ${repositoryName(repository)}@${digest}, which is a blob and no image: a bundle can only refer to a manifest; use oci.encoding CosignTags, or add a backend of another type`;
  return new StorageError('NoSubjects', message);
}
