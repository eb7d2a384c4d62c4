// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { payloadDigest } from '../../../evidence/payload-digest.ts';
import type { SignedArtifact } from '../../../evidence/artifact.ts';
import { BUNDLE_MEDIA_TYPE, sigstoreBundleText } from '../../../evidence/sigstore-bundle.ts';
import { tryParseJson } from '../../../json/try-parse-json.ts';
import { StorageError } from '../../storage-error.ts';
import { imageMediaTypes } from '../registry/registry-client.ts';
import type { NewManifest } from '../registry/registry-client.ts';
import type { RunTarget } from '../../run-target.ts';
import type { ManifestDescriptor } from '../registry/manifest.ts';

/** A bundle as a referrer of an image: the manifest and its blobs. */
export interface BundleManifest {
  readonly manifest: NewManifest;
  /** Digest of the bundle itself. */
  readonly bundleDigest: string;
  /** The entry of the manifest in an index of referrers. */
  readonly descriptor: ReferrerDescriptor;
}

export interface ReferrerDescriptor extends ManifestDescriptor {
  readonly artifactType: string;
  readonly annotations: Readonly<Record<string, string>>;
}

const statement = Compile(Type.Object({ predicateType: Type.String({ minLength: 1 }) }));

/** The OCI 1.1 empty descriptor's content. */
const EMPTY = Buffer.from('{}');

/**
 * Make the manifest as Chains and cosign 3 write it. Its time is that of the signature, or else of the run's completion, so that storing
 * the artifact again makes the same manifest.
 * @throws StorageError `BackendRejected` for an artifact that no bundle can hold
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
  const bytes = Buffer.from(
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
    size: bytes.length,
    digest: payloadDigest(bytes),
    artifactType: BUNDLE_MEDIA_TYPE,
    annotations,
  };
  const blobs = [{ bytes: EMPTY, isShared: true }, { bytes: bundle }];
  return { manifest: { bytes, mediaType: descriptor.mediaType, blobs }, bundleDigest, descriptor };
}

/** The time of the signature according to a log, a timestamp authority or the certificate. */
function signedTime({ logEntries = [], timestamps = [], certificate }: SignedArtifact): string | undefined {
  const logged = logEntries.find(({ integratedTime }) => integratedTime !== undefined)?.integratedTime;
  return logged ?? timestamps[0]?.time ?? certificate?.notBefore;
}

/** @throws StorageError `BackendRejected` for a simple signing */
export function requireBundleForm({ form, name }: Pick<SignedArtifact, 'form' | 'name'>): void {
  if (form !== 'SimpleSigning') return;
  const message = `"${name}" is a simple signing, which no bundle can hold: let the policy make imageSignatures.formats SigstoreStatement, or let the backend take attestations alone`;
  throw new StorageError('BackendRejected', message);
}

function predicateType({ name, payload }: SignedArtifact): string {
  const value = tryParseJson(payload);
  if (statement.Check(value)) return value.predicateType;
  throw new StorageError('BackendRejected', `"${name}" is not an in-toto statement with a predicate type`);
}
