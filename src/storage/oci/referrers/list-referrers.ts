// SPDX-License-Identifier: Apache-2.0
import { StorageError } from '../../storage-error.ts';
import { parseReferrersIndex, readIndex, referrersTag } from './referrers-index.ts';
import type { RegistryClient, ReferrersPage } from '../registry/registry-client.ts';
import { repositoryName } from '../registry/repository.ts';

/** Bounds a registry that always names one more page. */
const MAX_PAGES = 100;

/**
 * Lists the digests of all manifests that refer to an image, as they are read: from the referrers API, page by page, or from the image's
 * fallback tag on a registry without that API (OCI distribution 1.1). A digest can be malformed, because the registry chooses it.
 * @param artifactType asks the registry for referrers of this type alone, which not every registry heeds
 * @throws StorageError
 */
export async function* listReferrers(
  client: RegistryClient,
  digest: string,
  artifactType: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const name = `${repositoryName(client.repository)}@${digest}`;
  let page = await client.getReferrers(digest, { artifactType }, signal);
  if (page === undefined) {
    yield* fallbackReferrers(client, digest, signal);
    return;
  }
  for (let pages = 1; pages <= MAX_PAGES; pages += 1) {
    yield* digestsIn(page, name);
    if (page.next === undefined) return;
    page = await client.getReferrers(digest, { artifactType, page: page.next }, signal);
  }
  throw new StorageError(
    'BackendRejected',
    `the registry lists the referrers of ${name} on more than ${MAX_PAGES} pages`,
  );
}

async function* fallbackReferrers(
  client: RegistryClient,
  digest: string,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const tag = referrersTag(digest);
  const state = await readIndex(client, { tag, name: `${repositoryName(client.repository)}:${tag}` }, signal);
  yield* state?.index.manifests.map((manifest) => manifest.digest) ?? [];
}

function digestsIn({ bytes }: ReferrersPage, name: string): readonly string[] {
  const index = parseReferrersIndex(bytes);
  if (index !== undefined) return index.manifests.map((manifest) => manifest.digest);
  throw new StorageError('BackendRejected', `the registry's list of referrers of ${name} is not an image index`);
}
