// SPDX-License-Identifier: Apache-2.0
import { KeyedLock } from '../../keyed-lock.ts';
import { StorageError } from '../../storage-error.ts';
import type { BundleManifest, ReferrerDescriptor } from './bundle-manifest.ts';
import { changeTag } from '../cosign-tags/change-tag.ts';
import type { TagPlace, TagState } from '../cosign-tags/change-tag.ts';
import { lists, parseReferrersIndex, referrersTag, withReferrer } from './referrers-index.ts';
import type { ReferrersIndex } from './referrers-index.ts';
import { imageMediaTypes } from '../registry/registry-client.ts';
import type { RegistryClient } from '../registry/registry-client.ts';
import { repositoryKey, repositoryName } from '../registry/repository.ts';

/** Appends to one index go one after the other in this process, whichever backend they come from. */
const indexes = new KeyedLock();

/**
 * Makes a bundle a referrer of an image. Everything is addressed by its content, so that writing it again changes nothing; where the
 * registry does not list referrers by itself, the image's fallback index does.
 */
export async function attachBundle(
  client: RegistryClient,
  imageDigest: string,
  bundle: BundleManifest,
  signal: AbortSignal,
): Promise<void> {
  const { descriptor, manifest, blobs } = bundle;
  for (const blob of blobs) await client.putBlob(blob, signal);
  const content = { bytes: manifest, mediaType: descriptor.mediaType };
  if (await client.putReferrer(descriptor.digest, content, signal)) return;
  if ((await client.getReferrers(imageDigest, { artifactType: descriptor.artifactType }, signal)) !== undefined) return;
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
      next: (state) =>
        Promise.resolve({ bytes: withReferrer(state?.index, referrer), mediaType: imageMediaTypes.ociIndex }),
    },
    signal,
  );
}

/** The index under a fallback tag; undefined when there is none. */
export async function readIndex(
  client: RegistryClient,
  place: TagPlace,
  signal: AbortSignal,
): Promise<(TagState & { readonly index: ReferrersIndex }) | undefined> {
  const stored = await client.getManifest(place.tag, signal);
  if (stored === undefined) return undefined;
  const index = parseReferrersIndex(stored.bytes);
  if (index !== undefined && stored.mediaType === imageMediaTypes.ociIndex) return { index, etag: stored.etag };
  throw new StorageError('BackendRejected', `${place.name} holds something that is no image index; move that tag away`);
}
