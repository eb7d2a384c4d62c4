// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import type { Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { StorageError } from '../../storage-error.ts';
import { rewritableJson } from '../cosign-tags/change-tag.ts';
import type { TagPlace, TagState } from '../cosign-tags/change-tag.ts';
import { imageMediaTypes } from '../registry/registry-client.ts';
import type { RegistryClient } from '../registry/registry-client.ts';
import type { ReferrerDescriptor } from './bundle-manifest.ts';

const Index = Type.Object({
  schemaVersion: Type.Literal(2),
  mediaType: Type.Optional(Type.String()),
  manifests: Type.Array(Type.Object({ digest: Type.String() })),
});
const validator = Compile(Index);

/** The index under a fallback tag. Other fields are kept unchanged. */
export type ReferrersIndex = Static<typeof Index>;

/** `sha256-<hex>`: the tag that lists an image's referrers on a registry without the referrers API (OCI distribution 1.1). */
export function referrersTag(imageDigest: string): string {
  return imageDigest.replace(':', '-');
}

/** The index under a fallback tag; undefined if the tag does not exist. @throws StorageError `BackendRejected` for another manifest */
export async function readIndex(
  client: RegistryClient,
  place: TagPlace,
  signal: AbortSignal,
): Promise<(TagState & { readonly index: ReferrersIndex }) | undefined> {
  const stored = await client.getManifest(place.tag, signal);
  if (stored === undefined) return undefined;
  const index = parseReferrersIndex(stored.bytes);
  if (index !== undefined && stored.mediaType === imageMediaTypes.ociIndex) return { index, etag: stored.etag };
  throw new StorageError(
    'BackendRejected',
    `${place.name} holds something other than an image index; move that tag away`,
  );
}

/** Parse an image index; undefined for any other bytes. */
export function parseReferrersIndex(bytes: Buffer): ReferrersIndex | undefined {
  const value = rewritableJson(bytes);
  return validator.Check(value) ? value : undefined;
}

export function lists(index: ReferrersIndex, digest: string): boolean {
  return index.manifests.some((manifest) => manifest.digest === digest);
}

/** Add a referrer to the index and keep all others. */
export function withReferrer(existing: ReferrersIndex | undefined, referrer: ReferrerDescriptor): Buffer {
  const index = {
    ...(existing ?? { schemaVersion: 2 }),
    mediaType: imageMediaTypes.ociIndex,
    manifests: [...(existing?.manifests ?? []), referrer],
  };
  return Buffer.from(JSON.stringify(index));
}
