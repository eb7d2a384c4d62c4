// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { tryParseJson } from '../../json/try-parse-json.ts';
import { imageMediaTypes } from './registry/registry-client.ts';
import type { StoredManifest } from './registry/manifest.ts';

const Index = Compile(
  Type.Object({
    mediaType: Type.Optional(Type.String()),
    manifests: Type.Array(
      Type.Object({
        mediaType: Type.String(),
        digest: Type.String(),
        platform: Type.Optional(
          Type.Object({ os: Type.Optional(Type.String()), architecture: Type.Optional(Type.String()) }),
        ),
      }),
    ),
  }),
);

const INDEX_TYPES: readonly string[] = [imageMediaTypes.ociIndex, imageMediaTypes.dockerList];
const IMAGE_TYPES: readonly string[] = [imageMediaTypes.ociManifest, imageMediaTypes.dockerManifest];
const SHA256 = /^sha256:[a-f0-9]{64}$/;

/** A manifest that an index lists. */
export interface IndexEntry {
  readonly type: 'Image' | 'Index';
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
}

/** The images and indexes that an index lists, without duplicates; undefined when the manifest is not an index. */
export function parseIndex({
  bytes,
  mediaType,
}: Pick<StoredManifest, 'bytes' | 'mediaType'>): readonly IndexEntry[] | undefined {
  const index = tryParseJson(bytes);
  if (!Index.Check(index) || !INDEX_TYPES.includes(index.mediaType ?? mediaType)) return undefined;
  const entries = index.manifests.flatMap((listed): readonly IndexEntry[] => {
    const { digest, platform } = listed;
    // BuildKit lists its attestations of the other images as entries of the same index.
    const isAttestation = platform?.os === 'unknown' && platform.architecture === 'unknown';
    if (isAttestation || !SHA256.test(digest)) return [];
    if (INDEX_TYPES.includes(listed.mediaType)) return [{ type: 'Index', digest }];
    return IMAGE_TYPES.includes(listed.mediaType) ? [{ type: 'Image', digest }] : [];
  });
  return [...new Map(entries.map((entry) => [entry.digest, entry])).values()];
}
