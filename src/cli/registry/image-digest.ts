// SPDX-License-Identifier: Apache-2.0
import type { EgressClient } from '../../net/egress-client.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { UncheckedError } from '../cli-error.ts';
import { parseImageReference, resolveTag } from './image-reference.ts';
import { openRepository } from './repository-access.ts';
import type { RegistryOptions } from './repository-access.ts';

/** The digest of an image, which the registry tells for a tag. @throws UsageError, UncheckedError */
export async function imageDigest(
  reference: string,
  options: RegistryOptions,
  egress: EgressClient,
  signal: AbortSignal,
): Promise<string> {
  const { repository, tag, digest } = parseImageReference(reference);
  if (digest !== undefined) return digest;
  try {
    return await resolveTag(await openRepository(repository, options, egress), tag, signal);
  } catch (error) {
    if (error instanceof StorageError) throw new UncheckedError(error.message, { cause: error });
    throw error;
  }
}
