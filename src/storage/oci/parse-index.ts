// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { imageMediaTypes } from './registry/registry-client.ts';
import type { StoredManifest } from './registry/registry-client.ts';

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

/** The images and indexes that an index lists, each once; undefined for a manifest that is no index. */
export function parseIndex({
  bytes,
  mediaType,
}: Pick<StoredManifest, 'bytes' | 'mediaType'>): readonly IndexEntry[] | undefined {
  const index = parsed(bytes);
  if (index === undefined || !INDEX_TYPES.includes(index.mediaType ?? mediaType)) return undefined;
  const entries = index.manifests.flatMap((listed): readonly IndexEntry[] => {
    const { digest, platform } = listed;
    // BuildKit keeps what it attests about the others beside them.
    const isAttestation = platform?.os === 'unknown' && platform.architecture === 'unknown';
    if (isAttestation || !SHA256.test(digest)) return [];
    if (INDEX_TYPES.includes(listed.mediaType)) return [{ type: 'Index', digest }];
    return IMAGE_TYPES.includes(listed.mediaType) ? [{ type: 'Image', digest }] : [];
  });
  return [...new Map(entries.map((entry) => [entry.digest, entry])).values()];
}

function parsed(bytes: Buffer) {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return Index.Check(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
