// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { tryParseJson } from '../../../json/try-parse-json.ts';
import { EvidenceError } from '../../../evidence/evidence-error.ts';
import { BUNDLE_MEDIA_TYPE, parseSigstoreBundle } from '../../../evidence/sigstore-bundle.ts';
import { StorageError } from '../../storage-error.ts';
import { listReferrers } from './list-referrers.ts';
import type { BundleLocation } from '../oci-location.ts';
import type { RegistryClient } from '../registry/registry-client.ts';
import { repositoryName } from '../registry/repository.ts';
import type { StoredEvidence } from '../../stored-evidence.ts';

const manifestOf = Compile(
  Type.Object({
    layers: Type.Array(Type.Object({ mediaType: Type.String(), digest: Type.String() })),
    subject: Type.Object({ digest: Type.String({ pattern: '^sha256:[a-f0-9]{64}$' }) }),
  }),
);

/**
 * Read the evidence in a bundle that refers to an image. Check that the bundle is among the image's referrers, where verifiers find it.
 * @throws StorageError `BackendRejected` when it is not
 */
export async function storedBundle(
  client: RegistryClient,
  location: BundleLocation,
  signal: AbortSignal,
): Promise<StoredEvidence> {
  const name = `${repositoryName(location.repository)}@${location.manifest}`;
  const stored = await client.getManifest(location.manifest, signal);
  if (stored === undefined) throw rejected(`${name} is no longer there`);
  const manifest: unknown = tryParseJson(stored.bytes);
  if (!manifestOf.Check(manifest)) throw rejected(`${name} is not a referrer of an image`);
  const layer = manifest.layers.find(
    ({ mediaType, digest }) => mediaType === BUNDLE_MEDIA_TYPE && digest === location.digest,
  );
  if (layer === undefined) throw rejected(`${name} does not hold the bundle ${location.digest}`);
  const { digest } = manifest.subject;
  if (!(await isListed(client, { digest, manifest: location.manifest }, signal)))
    throw rejected(`${name} is no longer listed among the referrers of ${digest}`);
  return evidenceIn(await client.getBlob(layer.digest, signal), name);
}

async function isListed(
  client: RegistryClient,
  { digest, manifest }: { readonly digest: string; readonly manifest: string },
  signal: AbortSignal,
): Promise<boolean> {
  for await (const referrer of listReferrers(client, digest, BUNDLE_MEDIA_TYPE, signal)) {
    if (referrer === manifest) return true;
  }
  return false;
}

function evidenceIn(bytes: Buffer, name: string): StoredEvidence {
  try {
    const { content } = parseSigstoreBundle(bytes.toString('utf8'));
    if (content.$case === 'dsseEnvelope') {
      return { payload: content.dsseEnvelope.payload, signature: bytes, encoding: 'SigstoreBundle' };
    }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
  }
  throw rejected(`${name} holds no Sigstore bundle with a statement`);
}

function rejected(message: string): StorageError {
  return new StorageError('BackendRejected', message);
}
