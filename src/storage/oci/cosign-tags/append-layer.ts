// SPDX-License-Identifier: Apache-2.0
import { StorageError } from '../../storage-error.ts';
import { changeTag } from './change-tag.ts';
import type { TagPlace, TagState } from './change-tag.ts';
import type { CosignLayer } from './cosign-layer.ts';
import { findLayer, MAX_LAYERS, parseCosignManifest, withLayer } from './cosign-manifest.ts';
import type { CosignManifest } from './cosign-manifest.ts';
import { imageMediaTypes } from '../registry/registry-client.ts';
import type { RegistryClient } from '../registry/registry-client.ts';

const MANIFEST_TYPES: readonly string[] = [imageMediaTypes.ociManifest, imageMediaTypes.dockerManifest];

/** A layer to append, and which layers are as good. */
export interface WantedLayer {
  readonly layer: CosignLayer;
  readonly isSame: (existing: ManifestLayer) => boolean;
}

type ManifestLayer = CosignManifest['layers'][number];

/**
 * Makes sure that the image under a tag has a layer, keeping all others.
 * @returns the one that is there, which may be another that is as good
 * @throws StorageError
 */
export async function appendLayer(
  client: RegistryClient,
  place: TagPlace,
  { layer, isSame }: WantedLayer,
  signal: AbortSignal,
): Promise<ManifestLayer> {
  const find = (state: { readonly manifest: CosignManifest } | undefined): ManifestLayer | undefined =>
    state && (findLayer(state.manifest, layer.descriptor) ?? state.manifest.layers.find(isSame));
  let found: ManifestLayer | undefined;
  await changeTag(
    client,
    place,
    {
      read: () => readTag(client, place, signal),
      isDone: (state) => {
        found = find(state);
        return found !== undefined;
      },
      next: async (state) => {
        if ((state?.manifest.layers.length ?? 0) >= MAX_LAYERS) throw full(place.name);
        const { config, manifest, mediaType } = withLayer(state?.manifest, layer.descriptor);
        await client.putBlob(layer.bytes, signal);
        await client.putBlob(config, signal);
        return { bytes: manifest, mediaType };
      },
    },
    signal,
  );
  return found ?? layer.descriptor;
}

/** The cosign image under a tag; undefined when there is none. */
export async function readTag(
  client: RegistryClient,
  place: TagPlace,
  signal: AbortSignal,
): Promise<(TagState & { readonly manifest: CosignManifest }) | undefined> {
  const stored = await client.getManifest(place.tag, signal);
  if (stored === undefined) return undefined;
  const manifest = parseCosignManifest(stored.bytes);
  if (manifest !== undefined && MANIFEST_TYPES.includes(stored.mediaType)) return { manifest, etag: stored.etag };
  throw new StorageError(
    'BackendRejected',
    `${place.name} holds something that is not a cosign image; move that tag away`,
  );
}

function full(name: string): StorageError {
  const message = `${name} holds ${MAX_LAYERS} layers, the most that cosign reads; remove old ones or store in another repository`;
  return new StorageError('BackendRejected', message);
}
