// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import type { Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { payloadDigest } from '../../../evidence/payload-digest.ts';
import { StorageError } from '../../storage-error.ts';
import { imageMediaTypes } from '../registry/registry-client.ts';
import type { RegistryClient } from '../registry/registry-client.ts';
import { rewritableJson } from './change-tag.ts';
import type { TagPlace, TagState } from './change-tag.ts';
import type { LayerDescriptor } from './cosign-layer.ts';
import type { StoredManifest } from '../registry/manifest.ts';

const Descriptor = Type.Object({
  mediaType: Type.String(),
  size: Type.Integer({ minimum: 0 }),
  digest: Type.String({ pattern: '^sha256:[a-f0-9]{64}$' }),
  annotations: Type.Optional(Type.Record(Type.String(), Type.String())),
});
const Manifest = Type.Object({
  schemaVersion: Type.Literal(2),
  mediaType: Type.Optional(Type.String()),
  config: Descriptor,
  layers: Type.Array(Descriptor),
});
const validator = Compile(Manifest);

/** The manifest of a `.sig` or `.att` image. Other fields are kept unchanged. */
export type CosignManifest = Static<typeof Manifest>;

/** Cosign refuses to read more layers than this. */
export const MAX_LAYERS = 1000;

const MANIFEST_TYPES: readonly string[] = [imageMediaTypes.ociManifest, imageMediaTypes.dockerManifest];
const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
const ZERO_TIME = '0001-01-01T00:00:00Z';

/** A cosign image under a tag. */
export interface CosignState extends TagState {
  readonly manifest: CosignManifest;
  /** The manifest as it was read. */
  readonly stored: StoredManifest;
}

/** The cosign image under a tag; undefined if the tag does not exist. @throws StorageError `BackendRejected` for another image */
export async function readTag(
  client: RegistryClient,
  place: TagPlace,
  signal: AbortSignal,
): Promise<CosignState | undefined> {
  const stored = await client.getManifest(place.tag, signal);
  if (stored === undefined) return undefined;
  const manifest = parseCosignManifest(stored.bytes);
  if (manifest !== undefined && MANIFEST_TYPES.includes(stored.mediaType)) {
    return { manifest, stored, etag: stored.etag };
  }
  throw new StorageError(
    'BackendRejected',
    `${place.name} holds something that is not a cosign image; move that tag away`,
  );
}

/** Parse an image manifest with sha256 descriptors; undefined for any other bytes. */
export function parseCosignManifest(bytes: Buffer): CosignManifest | undefined {
  const value = rewritableJson(bytes);
  return validator.Check(value) ? value : undefined;
}

/**
 * Find a layer with the same bytes and the same signature, certificate and witnesses in its annotations. Chains compares only the bytes
 * and so never stores a second key's signature of one image.
 */
export function findLayer(
  manifest: CosignManifest,
  wanted: LayerDescriptor,
): CosignManifest['layers'][number] | undefined {
  return manifest.layers.find(
    ({ digest, annotations }) =>
      digest === wanted.digest &&
      Object.entries(wanted.annotations).every(([name, text]) => (annotations?.[name] ?? '') === text),
  );
}

/** Add a layer to a manifest and make its configuration blob, byte for byte as go-containerregistry writes them. */
export function withLayer(
  existing: CosignManifest | undefined,
  layer: LayerDescriptor,
): { readonly manifest: Buffer; readonly mediaType: string; readonly config: Buffer } {
  const layers = [...(existing?.layers ?? []), layer];
  const config = configuration(layers.map(({ digest }) => digest));
  const mediaType = existing?.mediaType ?? imageMediaTypes.ociManifest;
  const manifest = {
    ...(existing ?? { schemaVersion: 2 }),
    mediaType,
    config: { ...(existing?.config ?? { mediaType: CONFIG_TYPE }), size: config.length, digest: payloadDigest(config) },
    layers,
  };
  return { manifest: Buffer.from(JSON.stringify(manifest)), mediaType, config };
}

/** Layers are not compressed, so a layer's digest is also that of its content. */
function configuration(layerDigests: readonly string[]): Buffer {
  const config = {
    architecture: '',
    created: ZERO_TIME,
    history: layerDigests.map(() => ({ created: ZERO_TIME })),
    os: '',
    rootfs: { type: 'layers', diff_ids: layerDigests },
    config: {},
  };
  return Buffer.from(JSON.stringify(config));
}
