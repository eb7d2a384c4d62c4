// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { LayerDescriptor } from './cosign-tags/cosign-layer.ts';
import { SIGNATURE_ANNOTATION } from './cosign-tags/cosign-layer.ts';
import { parseRepository, repositoryName } from './registry/repository.ts';
import type { Repository } from './registry/repository.ts';
import type { Location } from '../stored-evidence.ts';

const URI =
  /^oci:\/\/([^:#@]+(?::\d+\/[^:#@]+)?|\[[^\]]+\](?::\d+)?\/[^:#@]+):(sha256-[a-f0-9]{64}\.(?:sig|att))(?:#([a-f0-9]{16}))?$/;

const BUNDLE_URI = /^oci:\/\/([^@#]+)@(sha256:[a-f0-9]{64})$/;

/** A layer of a cosign tag. */
export interface LayerLocation {
  readonly repository: Repository;
  readonly tag: string;
  readonly digest: string;
  readonly fingerprint?: string;
}

/** A bundle in a manifest that refers to an image. */
export interface BundleLocation {
  readonly repository: Repository;
  /** Digest of the manifest. */
  readonly manifest: string;
  /** Digest of the bundle in it. */
  readonly digest: string;
}

export type OciLocation = LayerLocation | BundleLocation;

/** `oci://<registry>/<path>@<digest of the manifest>`, and the bundle's digest. */
export function bundleLocation({ repository, manifest, digest }: BundleLocation): Location {
  return { uri: `oci://${repositoryName(repository)}@${manifest}`, digest };
}

/**
 * `oci://<registry>/<path>:<tag>`, and the layer's digest. Two keys' signatures of one image share a digest, so an
 * image signature's URI also carries a fingerprint of the signature: `#<16 hex digits>`.
 */
export function ociLocation(
  repository: Repository,
  tag: string,
  layer: Pick<LayerDescriptor, 'digest'> & Partial<Pick<LayerDescriptor, 'annotations'>>,
): Location {
  const fingerprint = signatureFingerprint(layer.annotations);
  const uri = `oci://${repositoryName(repository)}:${tag}${fingerprint === undefined ? '' : `#${fingerprint}`}`;
  return { uri, digest: layer.digest };
}

export function parseOciLocation(location: Location): OciLocation | undefined {
  const [, bundleName = '', manifest] = BUNDLE_URI.exec(location.uri) ?? [];
  if (manifest !== undefined) {
    const repository = parseRepository(bundleName);
    const { digest } = location;
    return repository === undefined || digest === undefined ? undefined : { repository, manifest, digest };
  }
  const [, name = '', tag, fingerprint] = URI.exec(location.uri) ?? [];
  const repository = parseRepository(name);
  if (repository === undefined || tag === undefined || location.digest === undefined) return undefined;
  return { repository, tag, digest: location.digest, ...(fingerprint === undefined ? {} : { fingerprint }) };
}

/** A fingerprint of a layer's signature; undefined for a layer without a signature annotation. */
export function signatureFingerprint(annotations: Readonly<Record<string, string>> | undefined): string | undefined {
  const signature = annotations?.[SIGNATURE_ANNOTATION] ?? '';
  return signature === '' ? undefined : createHash('sha256').update(signature).digest('hex').slice(0, 16);
}
