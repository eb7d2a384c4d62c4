// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { Location } from '../driver.ts';
import type { LayerDescriptor } from './cosign-layer.ts';
import { SIGNATURE_ANNOTATION } from './cosign-layer.ts';
import { parseRepository, repositoryName } from './repository.ts';
import type { Repository } from './repository.ts';

const URI =
  /^oci:\/\/([^:#@]+(?::\d+\/[^:#@]+)?|\[[^\]]+\](?::\d+)?\/[^:#@]+):(sha256-[a-f0-9]{64}\.(?:sig|att))(?:#([a-f0-9]{16}))?$/;

export interface OciLocation {
  readonly repository: Repository;
  readonly tag: string;
  readonly digest: string;
  readonly fingerprint?: string;
}

/**
 * `oci://<registry>/<path>:<tag>` with the layer's digest beside it. Two keys' signatures of one image share a digest, so an
 * image signature's URI also carries a fingerprint of the signature: `#<16 hex digits>`.
 */
export function ociLocation(repository: Repository, tag: string, layer: LayerDescriptor): Location {
  const fingerprint = signatureFingerprint(layer.annotations);
  const uri = `oci://${repositoryName(repository)}:${tag}${fingerprint === undefined ? '' : `#${fingerprint}`}`;
  return { uri, digest: layer.digest };
}

export function parseOciLocation(location: Location): OciLocation | undefined {
  const [, name = '', tag, fingerprint] = URI.exec(location.uri) ?? [];
  const repository = parseRepository(name);
  if (repository === undefined || tag === undefined || location.digest === undefined) return undefined;
  return { repository, tag, digest: location.digest, ...(fingerprint === undefined ? {} : { fingerprint }) };
}

/** undefined for a layer without a signature beside it. */
export function signatureFingerprint(annotations: Readonly<Record<string, string>> | undefined): string | undefined {
  const signature = annotations?.[SIGNATURE_ANNOTATION] ?? '';
  return signature === '' ? undefined : createHash('sha256').update(signature).digest('hex').slice(0, 16);
}
