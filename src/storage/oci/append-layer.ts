// SPDX-License-Identifier: Apache-2.0
import { StorageError } from '../storage-error.ts';
import type { CosignLayer } from './cosign-layer.ts';
import { findLayer, MAX_LAYERS, parseCosignManifest, withLayer } from './cosign-manifest.ts';
import type { CosignManifest } from './cosign-manifest.ts';
import { imageMediaTypes } from './registry-client.ts';
import type { RegistryClient } from './registry-client.ts';

/** Another process can write the same tag between our reading and writing; each time we lose costs one more round. */
const MAX_ROUNDS = 5;
const MANIFEST_TYPES: readonly string[] = [imageMediaTypes.ociManifest, imageMediaTypes.dockerManifest];

/**
 * Makes sure that the image under a tag has a layer, keeping all others. Registries have no append, so it is read, written,
 * and read again: a write that another one overtook is repeated. `name` is the tag's full name, for messages.
 */
export async function appendLayer(
  client: RegistryClient,
  place: { readonly tag: string; readonly name: string },
  layer: CosignLayer,
  signal: AbortSignal,
): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const before = await readTag(client, place, signal);
    if (before !== undefined && findLayer(before.manifest, layer.descriptor) !== undefined) return;
    if ((before?.manifest.layers.length ?? 0) >= MAX_LAYERS) throw full(place.name);
    const next = withLayer(before?.manifest, layer.descriptor);
    await client.putBlob(layer.bytes, signal);
    await client.putBlob(next.config, signal);
    const etag = before?.etag === undefined ? {} : { etag: before.etag };
    await client.putManifest(place.tag, { bytes: next.manifest, mediaType: next.mediaType, ...etag }, signal);
  }
  const last = await readTag(client, place, signal);
  if (last !== undefined && findLayer(last.manifest, layer.descriptor) !== undefined) return;
  throw new StorageError(
    'BackendUnavailable',
    `${place.name}: other writers keep replacing the tag; it is tried again`,
  );
}

export async function readTag(
  client: RegistryClient,
  place: { readonly tag: string; readonly name: string },
  signal: AbortSignal,
): Promise<{ readonly manifest: CosignManifest; readonly etag: string | undefined } | undefined> {
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
