// SPDX-License-Identifier: Apache-2.0
import type { SignedArtifact } from '../../../evidence/artifact.ts';
import { KeyedLock } from '../../keyed-lock.ts';
import { StorageError } from '../../storage-error.ts';
import { changeTag } from '../cosign-tags/change-tag.ts';
import type { TagPlace } from '../cosign-tags/change-tag.ts';
import { type EvidencePlace, type ImageTarget, requireImage } from '../image-target.ts';
import { bundleLocation } from '../oci-location.ts';
import { imageMediaTypes } from '../registry/registry-client.ts';
import type { RegistryClient } from '../registry/registry-client.ts';
import { repositoryKey, repositoryName } from '../registry/repository.ts';
import { bundleManifest, requireBundleForm } from './bundle-manifest.ts';
import type { BundleManifest, ReferrerDescriptor } from './bundle-manifest.ts';
import { lists, readIndex, referrersTag, withReferrer } from './referrers-index.ts';
import type { RunTarget } from '../../run-target.ts';
import type { Location } from '../../stored-evidence.ts';

/** This process appends to an index one bundle at a time, whichever backend it comes from. */
const indexes = new KeyedLock();

/** Store a bundle that refers to the image, in the image's repository or in the override. The image itself must exist. */
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
  await attachReferrer(client, image.digest, bundle, signal);
  const { descriptor, bundleDigest } = bundle;
  return bundleLocation({ repository: client.repository, manifest: descriptor.digest, digest: bundleDigest });
}

/**
 * Make a manifest a referrer of an image. All content is addressed by its digest, so a repetition changes nothing. On a registry without
 * the referrers API, add it to the index under the image's fallback tag.
 */
export async function attachReferrer(
  client: RegistryClient,
  imageDigest: string,
  { descriptor, manifest }: Pick<BundleManifest, 'descriptor' | 'manifest'>,
  signal: AbortSignal,
): Promise<void> {
  if (await client.putReferrer(descriptor.digest, manifest, signal)) return;
  if (await client.hasReferrersApi(imageDigest, descriptor.artifactType, signal)) return;
  const tag = referrersTag(imageDigest);
  const place = { tag, name: `${repositoryName(client.repository)}:${tag}` };
  const key = `${repositoryKey(client.repository)}:${tag}`;
  await indexes.run(key, signal, () => addToIndex(client, place, descriptor, signal));
}

async function addToIndex(
  client: RegistryClient,
  place: TagPlace,
  referrer: ReferrerDescriptor,
  signal: AbortSignal,
): Promise<void> {
  await changeTag(
    client,
    place,
    {
      read: () => readIndex(client, place, signal),
      isDone: (state) => state !== undefined && lists(state.index, referrer.digest),
      next: (state) => ({
        bytes: withReferrer(state?.index, referrer),
        mediaType: imageMediaTypes.ociIndex,
        blobs: [],
      }),
    },
    signal,
  );
}

function noManifest({ name }: SignedArtifact, { repository, digest }: ImageTarget): StorageError {
  const message = `"${name}" is about ${repositoryName(repository)}@${digest}, which is a blob and no image: a bundle can only refer to a manifest; use oci.encoding CosignTags, or add a backend of another type`;
  return new StorageError('NoSubjects', message);
}
