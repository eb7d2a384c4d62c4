// SPDX-License-Identifier: Apache-2.0
import { KeyedLock } from '../keyed-lock.ts';
import { StorageError } from '../storage-error.ts';
import type { BundleManifest, ReferrerDescriptor } from './bundle-manifest.ts';
import { lists, parseReferrersIndex, referrersTag, withReferrer } from './referrers-index.ts';
import type { ReferrersIndex } from './referrers-index.ts';
import { imageMediaTypes } from './registry-client.ts';
import type { RegistryClient } from './registry-client.ts';
import { repositoryName } from './repository.ts';

/** Appends to one index go one after the other in this process, whichever backend they come from. */
const indexes = new KeyedLock();
/** Another process can write the same tag between our reading and writing; each time we lose costs one more round. */
const MAX_ROUNDS = 5;

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
  const isListed = await client.putReferrer(
    descriptor.digest,
    { bytes: manifest, mediaType: descriptor.mediaType },
    signal,
  );
  if (isListed || (await client.listsReferrers(imageDigest, descriptor.artifactType, signal))) return;
  const tag = referrersTag(imageDigest);
  const name = `${repositoryName(client.repository)}:${tag}`;
  await indexes.run(name, signal, () => addToIndex(client, { tag, name }, descriptor, signal));
}

async function addToIndex(
  client: RegistryClient,
  place: { readonly tag: string; readonly name: string },
  referrer: ReferrerDescriptor,
  signal: AbortSignal,
): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const before = await readIndex(client, place, signal);
    if (before !== undefined && lists(before.index, referrer.digest)) return;
    const etag = before?.etag === undefined ? {} : { etag: before.etag };
    const bytes = withReferrer(before?.index, referrer);
    await client.putManifest(place.tag, { bytes, mediaType: imageMediaTypes.ociIndex, ...etag }, signal);
  }
  const last = await readIndex(client, place, signal);
  if (last !== undefined && lists(last.index, referrer.digest)) return;
  throw new StorageError(
    'BackendUnavailable',
    `${place.name}: other writers keep replacing the tag; it is tried again`,
  );
}

/** The index under a fallback tag; undefined when there is none. */
export async function readIndex(
  client: RegistryClient,
  place: { readonly tag: string; readonly name: string },
  signal: AbortSignal,
): Promise<{ readonly index: ReferrersIndex; readonly etag: string | undefined } | undefined> {
  const stored = await client.getManifest(place.tag, signal);
  if (stored === undefined) return undefined;
  const index = parseReferrersIndex(stored.bytes);
  if (index !== undefined && stored.mediaType === imageMediaTypes.ociIndex) return { index, etag: stored.etag };
  throw new StorageError('BackendRejected', `${place.name} holds something that is no image index; move that tag away`);
}
