// SPDX-License-Identifier: Apache-2.0
import { readTag } from '../../storage/oci/cosign-tags/cosign-manifest.ts';
import { CERTIFICATE_ANNOTATION, SIGNATURE_ANNOTATION } from '../../storage/oci/cosign-tags/cosign-layer.ts';
import type { CosignManifest } from '../../storage/oci/cosign-tags/cosign-manifest.ts';
import { storedWitnesses } from '../../storage/oci/cosign-tags/witness-annotations.ts';
import { repositoryName } from '../../storage/oci/registry/repository.ts';
import { cosignWitnesses } from '../../verify/checks/cosign-witnesses.ts';
import { strictBase64 } from '../../verify/checks/strict-base64.ts';
import { leafCertificate } from '../../verify/material/artifact-material.ts';
import { envelopeMaterial } from '../../verify/material/envelope-material.ts';
import { SIMPLE_SIGNING_TYPE } from '../../verify/material/material.ts';
import type { Material } from '../../verify/material/material.ts';
import { readEvidence } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import type { RepositoryAccess } from '../registry/repository-access.ts';

type Layer = CosignManifest['layers'][number];

/** Reads the layers of an image's `.sig` or `.att` tag. @throws StorageError */
export async function cosignEvidence(
  { client, repository }: RepositoryAccess,
  digest: string,
  suffix: 'sig' | 'att',
  signal: AbortSignal,
): Promise<readonly Evidence[]> {
  const tag = `${digest.replace(':', '-')}.${suffix}`;
  const name = `${repositoryName(repository)}:${tag}`;
  const image = await readTag(client, { tag, name }, signal);
  const evidence: Evidence[] = [];
  for (const [index, layer] of (image?.manifest.layers ?? []).entries()) {
    const bytes = await client.getBlob(layer.digest, signal);
    evidence.push(readEvidence(`${name} (${index + 1})`, () => layerMaterial(layer, bytes, suffix)));
  }
  return evidence;
}

function layerMaterial({ annotations = {} }: Layer, bytes: Buffer, suffix: 'sig' | 'att'): Material {
  const chain = annotations[CERTIFICATE_ANNOTATION] ?? '';
  const attached = {
    ...(chain === '' ? {} : { certificate: leafCertificate(chain) }),
    ...cosignWitnesses(storedWitnesses(annotations)),
  };
  if (suffix === 'att') return envelopeMaterial(bytes.toString('utf8'), attached);
  const signature = strictBase64(annotations[SIGNATURE_ANNOTATION] ?? '', 'the signature');
  return { form: 'Raw', payloadType: SIMPLE_SIGNING_TYPE, payload: bytes, signature, ...attached };
}
