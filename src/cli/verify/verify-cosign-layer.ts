// SPDX-License-Identifier: Apache-2.0
import { readTag } from '../../storage/oci/cosign-tags/append-layer.ts';
import { CERTIFICATE_ANNOTATION, SIGNATURE_ANNOTATION } from '../../storage/oci/cosign-tags/cosign-layer.ts';
import type { CosignManifest } from '../../storage/oci/cosign-tags/cosign-manifest.ts';
import type { RegistryClient } from '../../storage/oci/registry/registry-client.ts';
import { repositoryName } from '../../storage/oci/registry/repository.ts';
import type { Repository } from '../../storage/oci/registry/repository.ts';
import { storedWitnesses } from '../../storage/oci/cosign-tags/witness-annotations.ts';
import { leafCertificate } from '../../verify/material/artifact-material.ts';
import { cosignWitnesses } from '../../verify/checks/cosign-witnesses.ts';
import { envelopeMaterial } from '../../verify/material/envelope-material.ts';
import { SIMPLE_SIGNING_TYPE } from '../../verify/material/material.ts';
import type { Material } from '../../verify/material/material.ts';
import { strictBase64 } from '../../verify/checks/strict-base64.ts';
import type { Evidence } from './verify-evidence.ts';
import { evidence } from './verify-evidence.ts';

type Layer = CosignManifest['layers'][number];

/** What the `.sig` or `.att` tag of an image holds. @throws StorageError */
export async function cosignEvidence(
  { client, repository }: { readonly client: RegistryClient; readonly repository: Repository },
  digest: string,
  suffix: 'sig' | 'att',
  signal: AbortSignal,
): Promise<readonly Evidence[]> {
  const tag = `${digest.replace(':', '-')}.${suffix}`;
  const name = `${repositoryName(repository)}:${tag}`;
  const image = await readTag(client, { tag, name }, signal);
  const found: Evidence[] = [];
  for (const [index, layer] of (image?.manifest.layers ?? []).entries()) {
    const bytes = await client.getBlob(layer.digest, signal);
    found.push(evidence(`${name} (${index + 1})`, () => layerMaterial(layer, bytes, suffix)));
  }
  return found;
}

function layerMaterial({ annotations = {} }: Layer, bytes: Buffer, suffix: 'sig' | 'att'): Material {
  const chain = annotations[CERTIFICATE_ANNOTATION] ?? '';
  const beside = {
    ...(chain === '' ? {} : { certificate: leafCertificate(chain) }),
    ...cosignWitnesses(storedWitnesses(annotations)),
  };
  if (suffix === 'att') return envelopeMaterial(bytes.toString('utf8'), beside);
  const signature = strictBase64(annotations[SIGNATURE_ANNOTATION] ?? '', 'the signature');
  return { form: 'Raw', payloadType: SIMPLE_SIGNING_TYPE, payload: bytes, signature, ...beside };
}
