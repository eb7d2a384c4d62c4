// SPDX-License-Identifier: Apache-2.0
import { BUNDLE_MEDIA_TYPE } from '../../evidence/sigstore-bundle.ts';
import { field, listField } from '../../json/fields.ts';
import { listReferrers } from '../../storage/oci/referrers/list-referrers.ts';
import { repositoryName } from '../../storage/oci/registry/repository.ts';
import { bundleMaterial } from '../../verify/material/bundle-material.ts';
import { UncheckedError } from '../cli-error.ts';
import { readEvidence } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import type { RepositoryAccess } from '../registry/repository-access.ts';

const MAX_REFERRERS = 200;
const DIGEST = /^[a-z0-9]+:[0-9a-f]+$/;

/** Reads the Sigstore bundles that refer to an image. @throws StorageError, UncheckedError */
export async function bundleEvidence(
  { client, repository }: RepositoryAccess,
  digest: string,
  signal: AbortSignal,
): Promise<readonly Evidence[]> {
  const name = repositoryName(repository);
  const evidence: Evidence[] = [];
  let count = 0;
  // Not every registry lists artifact types, so the manifest shows whether a referrer is a bundle.
  for await (const referrer of listReferrers(client, digest, undefined, signal)) {
    count += 1;
    // Referrers that are not read could be the ones that matter.
    if (count > MAX_REFERRERS)
      throw new UncheckedError(`more than ${MAX_REFERRERS} manifests refer to ${name}@${digest}`);
    const manifest = DIGEST.test(referrer) ? await client.getManifest(referrer, signal) : undefined;
    for (const layer of listField(parsed(manifest?.bytes, `${name}@${referrer}`), 'layers')) {
      const blob = field(layer, 'digest');
      if (field(layer, 'mediaType') !== BUNDLE_MEDIA_TYPE || typeof blob !== 'string') continue;
      const bytes = await client.getBlob(blob, signal);
      evidence.push(readEvidence(`bundle ${name}@${referrer}`, () => bundleMaterial(bytes.toString('utf8'))));
    }
  }
  return evidence;
}

function parsed(bytes: Buffer | undefined, name: string): unknown {
  try {
    return bytes === undefined ? undefined : JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new UncheckedError(`${name} is not JSON`, { cause: error });
  }
}
