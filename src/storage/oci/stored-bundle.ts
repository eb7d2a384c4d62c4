// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { EvidenceError } from '../../evidence/evidence-error.ts';
import { payloadDigest } from '../../evidence/payload-digest.ts';
import { BUNDLE_MEDIA_TYPE, parseSigstoreBundle } from '../../evidence/sigstore-bundle.ts';
import type { StoredEvidence } from '../driver.ts';
import { StorageError } from '../storage-error.ts';
import { readIndex } from './attach-bundle.ts';
import type { BundleLocation } from './oci-location.ts';
import { lists, referrersTag } from './referrers-index.ts';
import type { RegistryClient } from './registry-client.ts';
import { repositoryName } from './repository.ts';

const manifestOf = Compile(
  Type.Object({
    layers: Type.Array(Type.Object({ mediaType: Type.String(), digest: Type.String() })),
    subject: Type.Object({ digest: Type.String({ pattern: '^sha256:[a-f0-9]{64}$' }) }),
  }),
);

/**
 * The evidence in a bundle that refers to an image, which verifiers must still be able to find: it is listed among the image's
 * referrers. @throws StorageError `BackendRejected` when it is not there.
 */
export async function storedBundle(
  client: RegistryClient,
  location: BundleLocation,
  signal: AbortSignal,
): Promise<StoredEvidence> {
  const name = `${repositoryName(location.repository)}@${location.manifest}`;
  const stored = await client.getManifest(location.manifest, signal);
  if (stored === undefined) throw gone(`${name} is no longer there`);
  if (payloadDigest(stored.bytes) !== location.manifest)
    throw gone(`the registry sends other bytes for ${name} than the digest says`);
  const manifest: unknown = parsed(stored.bytes);
  if (!manifestOf.Check(manifest)) throw gone(`${name} is no referrer of an image`);
  const layer = manifest.layers.find(
    ({ mediaType, digest }) => mediaType === BUNDLE_MEDIA_TYPE && digest === location.digest,
  );
  if (layer === undefined) throw gone(`${name} does not hold the bundle ${location.digest}`);
  const { digest } = manifest.subject;
  if (!(await isListed(client, { digest, manifest: location.manifest }, signal)))
    throw gone(`${name} is no longer listed among the referrers of ${digest}`);
  return evidenceIn(await client.getBlob(layer.digest, signal), name);
}

async function isListed(
  client: RegistryClient,
  { digest, manifest }: { readonly digest: string; readonly manifest: string },
  signal: AbortSignal,
): Promise<boolean> {
  // A registry that lists referrers itself lists every manifest that it holds.
  if (await client.listsReferrers(digest, BUNDLE_MEDIA_TYPE, signal)) return true;
  const tag = referrersTag(digest);
  const found = await readIndex(client, { tag, name: `${repositoryName(client.repository)}:${tag}` }, signal);
  return found !== undefined && lists(found.index, manifest);
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
  throw gone(`${name} holds no Sigstore bundle with a statement`);
}

function gone(message: string): StorageError {
  return new StorageError('BackendRejected', message);
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
