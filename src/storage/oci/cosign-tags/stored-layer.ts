// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { tryParseJson } from '../../../json/try-parse-json.ts';
import { storedChain } from '../../documents/certificate-texts.ts';
import { StorageError } from '../../storage-error.ts';
import { CERTIFICATE_ANNOTATION, CHAIN_ANNOTATION, SIGNATURE_ANNOTATION } from './cosign-layer.ts';
import { type CosignManifest, parseCosignManifest, readTag } from './cosign-manifest.ts';
import { signatureFingerprint } from '../oci-location.ts';
import type { LayerLocation } from '../oci-location.ts';
import type { RegistryClient } from '../registry/registry-client.ts';
import { repositoryName } from '../registry/repository.ts';
import { storedWitnesses } from './witness-annotations.ts';
import type { StoredEvidence } from '../../stored-evidence.ts';

type ManifestLayer = CosignManifest['layers'][number];

const envelope = Compile(Type.Object({ payload: Type.String() }));

/**
 * Read the evidence in one layer of a tag. Right after the layer was stored, the tag is not read once more: the registry has just given it.
 * @throws StorageError `BackendRejected` when the layer does not exist
 */
export async function storedLayer(
  client: RegistryClient,
  location: LayerLocation,
  signal: AbortSignal,
): Promise<StoredEvidence> {
  const name = `${repositoryName(location.repository)}:${location.tag}`;
  const recent = client.takeRead(location.tag);
  const layer =
    layerAt(location, recent && parseCosignManifest(recent.bytes)) ??
    layerAt(location, (await readTag(client, { tag: location.tag, name }, signal))?.manifest);
  if (layer === undefined) throw new StorageError('BackendRejected', `${name} has no layer ${location.digest}`);
  const bytes = await client.getBlob(location.digest, signal);
  const signature = layer.annotations?.[SIGNATURE_ANNOTATION] ?? '';
  const others = {
    encoding: 'SignatureText' as const,
    ...storedChain({
      certificate: layer.annotations?.[CERTIFICATE_ANNOTATION] ?? '',
      chain: layer.annotations?.[CHAIN_ANNOTATION] ?? '',
    }),
    witnesses: storedWitnesses(layer.annotations),
  };
  if (signature !== '') return { payload: bytes, signature: Buffer.from(signature, 'base64'), ...others };
  return { payload: envelopePayload(bytes, name), signature: bytes, ...others };
}

/** The newest layer at a location: one whose certificate or witnesses were lost is appended again. */
function layerAt(location: LayerLocation, manifest: CosignManifest | undefined): ManifestLayer | undefined {
  return manifest?.layers.findLast(
    ({ digest, annotations }) =>
      digest === location.digest && signatureFingerprint(annotations) === location.fingerprint,
  );
}

function envelopePayload(bytes: Buffer, name: string): Buffer {
  const value = tryParseJson(bytes);
  if (envelope.Check(value)) return Buffer.from(value.payload, 'base64');
  throw new StorageError('BackendRejected', `${name} holds a layer that is not a DSSE envelope`);
}
