// SPDX-License-Identifier: Apache-2.0
import { payloadDigest } from '../../../evidence/payload-digest.ts';
import type { SignedArtifact } from '../../../evidence/artifact.ts';
import { BUNDLE_MEDIA_TYPE, sigstoreBundleText } from '../../../evidence/sigstore-bundle.ts';
import type { RunTarget } from '../../driver.ts';
import { StorageError } from '../../storage-error.ts';
import { imageMediaTypes } from '../registry/registry-client.ts';
import type { ManifestDescriptor } from '../registry/registry-client.ts';
import { predicateType } from './predicate-type.ts';

/** A bundle as a referrer of an image: the manifest, and the blobs that it names. */
export interface BundleManifest {
  readonly manifest: Buffer;
  readonly blobs: readonly Buffer[];
  /** Digest of the bundle itself. */
  readonly bundleDigest: string;
  /** As an index of referrers lists it. */
  readonly descriptor: ReferrerDescriptor;
}

export interface ReferrerDescriptor extends ManifestDescriptor {
  readonly artifactType: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The OCI 1.1 empty descriptor's content. */
const EMPTY = Buffer.from('{}');

/**
 * The manifest as Chains and cosign 3 write it. It is the same whenever it is made: its time is that of the signature, or else the run's
 * completion, so that storing again finds it.
 * @throws StorageError `BackendRejected` for what has no place in a bundle
 */
export function bundleManifest(artifact: SignedArtifact, run: RunTarget, subject: ManifestDescriptor): BundleManifest {
  requireBundleForm(artifact);
  const bundle = Buffer.from(sigstoreBundleText(artifact));
  const created = signedTime(artifact) ?? run.completionTime;
  const annotations = {
    'dev.sigstore.bundle.content': 'dsse-envelope',
    'dev.sigstore.bundle.predicateType': predicateType(artifact),
    ...(created === undefined ? {} : { 'org.opencontainers.image.created': created }),
  };
  const bundleDigest = payloadDigest(bundle);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: imageMediaTypes.ociManifest,
      config: {
        mediaType: 'application/vnd.oci.empty.v1+json',
        size: EMPTY.length,
        digest: payloadDigest(EMPTY),
        artifactType: BUNDLE_MEDIA_TYPE,
      },
      layers: [{ mediaType: BUNDLE_MEDIA_TYPE, size: bundle.length, digest: bundleDigest }],
      annotations,
      subject: { mediaType: subject.mediaType, size: subject.size, digest: subject.digest },
      artifactType: BUNDLE_MEDIA_TYPE,
    }),
  );
  const descriptor = {
    mediaType: imageMediaTypes.ociManifest,
    size: manifest.length,
    digest: payloadDigest(manifest),
    artifactType: BUNDLE_MEDIA_TYPE,
    annotations,
  };
  return { manifest, blobs: [EMPTY, bundle], bundleDigest, descriptor };
}

/** When it was signed, as far as anybody but the signer says so. */
function signedTime({ logEntries = [], timestamps = [], certificate }: SignedArtifact): string | undefined {
  const logged = logEntries.find(({ integratedTime }) => integratedTime !== undefined)?.integratedTime;
  return logged ?? timestamps[0]?.time ?? certificate?.notBefore;
}

/** @throws StorageError `BackendRejected` for what no bundle can hold */
export function requireBundleForm({ form, name }: Pick<SignedArtifact, 'form' | 'name'>): void {
  if (form !== 'SimpleSigning') return;
  const message = `"${name}" is a simple signing, which no bundle can hold: let the policy make imageSignatures.formats SigstoreStatement, or let the backend take attestations alone`;
  throw new StorageError('BackendRejected', message);
}
