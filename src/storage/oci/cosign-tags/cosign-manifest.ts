// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import type { Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { payloadDigest } from '../../../evidence/payload-digest.ts';
import type { LayerDescriptor } from './cosign-layer.ts';
import { imageMediaTypes } from '../registry/registry-client.ts';
import { rewritableJson } from '../rewritable-json.ts';

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

/** A `.sig` or `.att` image. Fields that are not named here are kept as they are. */
export type CosignManifest = Static<typeof Manifest>;

/** Cosign refuses to read more layers than this. */
export const MAX_LAYERS = 1000;

const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
const ZERO_TIME = '0001-01-01T00:00:00Z';

/** undefined when the bytes are no image manifest with sha256 descriptors. */
export function parseCosignManifest(bytes: Buffer): CosignManifest | undefined {
  const value = rewritableJson(bytes);
  return validator.Check(value) ? value : undefined;
}

/**
 * The layer of a manifest that is this one: the same bytes with the same signature, certificate and witnesses beside them. Chains goes
 * by the bytes alone and so never stores a second key's signature of one image.
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

/** The manifest with one more layer, and its configuration blob. Written byte for byte as go-containerregistry does. */
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

/** Layers are stored as they are, so a layer's digest is also that of its uncompressed content. */
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
