// SPDX-License-Identifier: Apache-2.0
import { field, listField } from '../../json/fields.ts';
import { payloadDigest } from '../../evidence/payload-digest.ts';
import { BUNDLE_MEDIA_TYPE } from '../../evidence/sigstore-bundle.ts';
import type { EgressResponse } from '../../net/egress-client.ts';
import { imageMediaTypes } from '../../storage/oci/registry/registry-client.ts';
import type { RegistryClient } from '../../storage/oci/registry/registry-client.ts';
import { refusal } from '../../storage/oci/registry/registry-failure.ts';
import type { RegistrySession } from '../../storage/oci/registry/registry-session.ts';
import { repositoryName } from '../../storage/oci/registry/repository.ts';
import type { Repository } from '../../storage/oci/registry/repository.ts';
import { bundleMaterial } from '../../verify/material/bundle-material.ts';
import { UncheckedError } from './verify-error.ts';
import type { Evidence } from './verify-evidence.ts';
import { evidence } from './verify-evidence.ts';

/** One repository, as the user may read it. */
export interface Place {
  readonly client: RegistryClient;
  readonly session: RegistrySession;
  readonly repository: Repository;
}

const MAX_REFERRERS = 200;
const MAX_INDEX_BYTES = 4 * 1024 * 1024;
/** Some answer with a page for people. */
const HAS_NO_REFERRERS_API: readonly number[] = [200, 400, 404, 405, 406];

/** The Sigstore bundles that refer to an image. @throws StorageError, UncheckedError */
export async function bundleEvidence(place: Place, digest: string, signal: AbortSignal): Promise<readonly Evidence[]> {
  const name = repositoryName(place.repository);
  const found: Evidence[] = [];
  for (const manifestDigest of await referrers(place, digest, signal)) {
    const manifest = await place.client.getManifest(manifestDigest, signal);
    if (manifest === undefined) continue;
    if (payloadDigest(manifest.bytes) !== manifestDigest) {
      throw new UncheckedError(`the registry sends other bytes for ${name}@${manifestDigest} than the digest says`);
    }
    for (const layer of listField(json(manifest.bytes), 'layers')) {
      const blob = field(layer, 'digest');
      if (field(layer, 'mediaType') !== BUNDLE_MEDIA_TYPE || typeof blob !== 'string') continue;
      const bytes = await place.client.getBlob(blob, signal);
      found.push(evidence(`bundle ${name}@${manifestDigest}`, () => bundleMaterial(bytes.toString('utf8'))));
    }
  }
  return found;
}

/**
 * Digests of all that refers to an image: from the referrers API, page by page, or where a registry has none from the tag that stands in
 * for it (OCI distribution 1.1).
 */
async function referrers(place: Place, digest: string, signal: AbortSignal): Promise<readonly string[]> {
  const { client, session, repository } = place;
  const doing = `listing what refers to ${repositoryName(repository)}@${digest}`;
  const found: string[] = [];
  let target: string | URL | undefined = `/v2/${repository.path}/referrers/${digest}`;
  for (let isFirst = true; target !== undefined; isFirst = false) {
    const page = await session.request({ method: 'GET', target, doing, maxResponseBytes: MAX_INDEX_BYTES }, signal);
    if (!isIndex(page)) {
      if (!isFirst || !HAS_NO_REFERRERS_API.includes(page.status)) throw refusal(page, doing);
      const index = await client.getManifest(digest.replace(':', '-'), signal);
      return index === undefined ? [] : bounded(digestsIn(index.bytes), doing);
    }
    found.push(...digestsIn(page.body));
    bounded(found, doing);
    target = nextPage(page.headers['link'], page.url, doing);
  }
  return found;
}

function isIndex({ status, headers }: EgressResponse): boolean {
  return status === 200 && headers['content-type']?.split(';')[0]?.trim() === imageMediaTypes.ociIndex;
}

// Not every registry tells the artifact type in its list: whether it is a bundle shows in the manifest.
function digestsIn(index: Buffer): readonly string[] {
  return listField(json(index), 'manifests')
    .map((manifest) => field(manifest, 'digest'))
    .filter((value) => typeof value === 'string');
}

/** Some that are not looked at could be the ones that matter. */
function bounded(digests: readonly string[], doing: string): readonly string[] {
  if (digests.length <= MAX_REFERRERS) return digests;
  throw new UncheckedError(`${doing}: there are more than ${MAX_REFERRERS}`);
}

/** What a `Link` header calls next (RFC 8288), on the same server. */
function nextPage(link: string | undefined, base: URL, doing: string): URL | undefined {
  const [, next] = /<([^<>]*)>\s*;\s*rel="?next"?/i.exec(link ?? '') ?? [];
  if (next === undefined) return undefined;
  const url = URL.parse(next, base.href);
  if (url?.host === base.host && url.protocol === 'http:') url.protocol = base.protocol;
  if (url?.origin === base.origin && url.href !== base.href) return url;
  throw new UncheckedError(`${doing}: the next page is on another server, or the same one again`);
}

function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new UncheckedError('the registry answers with something that is not JSON', { cause: error });
  }
}
