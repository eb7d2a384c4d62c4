// SPDX-License-Identifier: Apache-2.0
import type { SignedArtifact } from '../../../evidence/artifact.ts';
import { KeyedLock } from '../../keyed-lock.ts';
import { StorageError } from '../../storage-error.ts';
import { type EvidencePlace, requireImage } from '../image-target.ts';
import { ociLocation } from '../oci-location.ts';
import type { RegistryClient } from '../registry/registry-client.ts';
import { repositoryKey, repositoryName } from '../registry/repository.ts';
import { changeTag } from './change-tag.ts';
import type { TagPlace } from './change-tag.ts';
import { type CosignLayer, cosignLayer, cosignTag } from './cosign-layer.ts';
import { findLayer, MAX_LAYERS, readTag, withLayer } from './cosign-manifest.ts';
import type { CosignManifest, CosignState } from './cosign-manifest.ts';
import { sameLayer } from './same-layer.ts';
import type { Location } from '../../stored-evidence.ts';

/** A layer to append, and a test for existing layers that make it unnecessary. */
interface WantedLayer {
  readonly layer: CosignLayer;
  readonly isSame: (existing: ManifestLayer) => boolean;
}

type ManifestLayer = CosignManifest['layers'][number];

/** This process appends to a tag one artifact at a time, whichever backend it comes from. */
const tags = new KeyedLock();

/** Store an artifact as a layer of cosign's tag for the image, in the image's repository or in the override. */
export async function storeLayer(
  artifact: SignedArtifact,
  { image, override, registries }: EvidencePlace,
  signal: AbortSignal,
): Promise<Location> {
  const layer = cosignLayer(artifact);
  const repository = override ?? image.repository;
  const client = await registries.client(repository, 'pull,push');
  // As in Chains, an attestation may be about anything with a digest; a signature claims that there is an image or a blob.
  if (override === undefined && artifact.type === 'ImageSignature') await requireImage(client, image, signal);
  const tag = cosignTag(image.digest, artifact);
  const place = { tag, name: `${repositoryName(repository)}:${tag}` };
  const key = `${repositoryKey(repository)}:${tag}`;
  const wanted = { layer, isSame: sameLayer(artifact, layer.descriptor) };
  const stored = await tags.run(key, signal, () => appendLayer(client, place, wanted, signal));
  return ociLocation(repository, tag, stored);
}

/** Append a layer unless it, or an equivalent one, exists; keep all other layers. @returns the layer that is in the tag */
export async function appendLayer(
  client: RegistryClient,
  place: TagPlace,
  { layer, isSame }: WantedLayer,
  signal: AbortSignal,
): Promise<ManifestLayer> {
  const find = ({ manifest }: CosignState): ManifestLayer | undefined =>
    findLayer(manifest, layer.descriptor) ?? manifest.layers.find(isSame);
  let stored: ManifestLayer | undefined;
  let isUploaded = false;
  await changeTag(
    client,
    place,
    {
      read: () => readTag(client, place, signal),
      isDone: (state) => {
        stored = state && find(state);
        if (state !== undefined && stored !== undefined) client.keepRead(place.tag, state.stored);
        return stored !== undefined;
      },
      next: (state) => {
        const existing = state?.manifest;
        if ((existing?.layers.length ?? 0) >= MAX_LAYERS) throw full(place.name);
        const { config, manifest, mediaType } = withLayer(existing, layer.descriptor);
        // A registry keeps the layers of its manifests. Those of an earlier round are there too.
        const isHeld =
          isUploaded || (existing?.layers.some(({ digest }) => digest === layer.descriptor.digest) ?? false);
        isUploaded = true;
        return { bytes: manifest, mediaType, blobs: [{ bytes: layer.bytes, isHeld }, { bytes: config }] };
      },
    },
    signal,
  );
  return stored ?? layer.descriptor;
}

function full(name: string): StorageError {
  const message = `${name} holds ${MAX_LAYERS} layers, the most that cosign reads; remove old ones or store in another repository`;
  return new StorageError('BackendRejected', message);
}
