// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import type { Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { ReferrerDescriptor } from './bundle-manifest.ts';
import { imageMediaTypes } from '../registry/registry-client.ts';
import { rewritableJson } from '../rewritable-json.ts';

const Index = Type.Object({
  schemaVersion: Type.Literal(2),
  mediaType: Type.Optional(Type.String()),
  manifests: Type.Array(Type.Object({ digest: Type.String() })),
});
const validator = Compile(Index);

/** The index under a fallback tag. Fields that are not named here are kept as they are. */
export type ReferrersIndex = Static<typeof Index>;

/** `sha256-<hex>`: where the referrers of an image are listed on a registry that does not list them itself (OCI distribution 1.1). */
export function referrersTag(imageDigest: string): string {
  return imageDigest.replace(':', '-');
}

/** undefined when the bytes are no image index. */
export function parseReferrersIndex(bytes: Buffer): ReferrersIndex | undefined {
  const value = rewritableJson(bytes);
  return validator.Check(value) ? value : undefined;
}

export function lists(index: ReferrersIndex, digest: string): boolean {
  return index.manifests.some((manifest) => manifest.digest === digest);
}

/** The index with one more referrer; all others stay. */
export function withReferrer(existing: ReferrersIndex | undefined, referrer: ReferrerDescriptor): Buffer {
  const index = {
    ...(existing ?? { schemaVersion: 2 }),
    mediaType: imageMediaTypes.ociIndex,
    manifests: [...(existing?.manifests ?? []), referrer],
  };
  return Buffer.from(JSON.stringify(index));
}
