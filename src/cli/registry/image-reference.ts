// SPDX-License-Identifier: Apache-2.0
import { payloadDigest } from '../../evidence/payload-digest.ts';
import { parseRepository, repositoryName } from '../../storage/oci/registry/repository.ts';
import type { Repository } from '../../storage/oci/registry/repository.ts';
import { UncheckedError, UsageError } from '../cli-error.ts';
import type { RepositoryAccess } from './repository-access.ts';

/** An image as users name it. */
export interface ImageReference {
  readonly repository: Repository;
  /** `latest` where none is given. */
  readonly tag: string;
  readonly digest: string | undefined;
}

/** Reads REPOSITORY[:TAG][@DIGEST]. @throws UsageError */
export function parseImageReference(reference: string): ImageReference {
  const [rest = '', digest, ...more] = reference.split('@');
  const [, name = rest, tag = 'latest'] = /^(.+):([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})$/.exec(rest) ?? [];
  const repository = parseRepository(name);
  const isDigest = digest === undefined || /^sha256:[0-9a-f]{64}$/.test(digest);
  if (repository === undefined || !isDigest || more.length > 0) throw new UsageError(`"${reference}" is not an image`);
  return { repository, tag, digest };
}

/** Asks the registry which image a tag names. @throws UncheckedError, StorageError */
export async function resolveTag(
  { client, repository }: RepositoryAccess,
  tag: string,
  signal: AbortSignal,
): Promise<string> {
  const manifest = await client.getManifest(tag, signal);
  if (manifest !== undefined) return payloadDigest(manifest.bytes);
  throw new UncheckedError(`there is no image ${repositoryName(repository)}:${tag}`);
}
