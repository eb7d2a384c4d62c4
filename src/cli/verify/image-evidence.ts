// SPDX-License-Identifier: Apache-2.0
import type { EgressClient } from '../../net/egress-client.ts';
import { parseRepository, repositoryName } from '../../storage/oci/registry/repository.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { UncheckedError, UsageError } from '../cli-error.ts';
import { bundleEvidence } from './bundle-evidence.ts';
import { cosignEvidence } from './cosign-evidence.ts';
import type { EvidenceSet } from './evidence.ts';
import { parseImageReference, resolveTag } from '../registry/image-reference.ts';
import { openRepository } from '../registry/repository-access.ts';
import type { RegistryOptions } from '../registry/repository-access.ts';

export interface ImageOptions extends RegistryOptions {
  /** The repository that holds the evidence, if not that of the image. */
  readonly repository?: string;
}

/** Reads cosign's tags and the Sigstore bundles of an image. @throws UsageError, UncheckedError */
export async function imageEvidence(
  reference: string,
  options: ImageOptions,
  egress: EgressClient,
  signal: AbortSignal,
): Promise<EvidenceSet> {
  try {
    const image = parseImageReference(reference);
    const override = options.repository === undefined ? undefined : parseRepository(options.repository);
    if (options.repository !== undefined && override === undefined) {
      throw new UsageError(`"${options.repository}" is not a repository`);
    }
    const home = await openRepository(image.repository, options, egress);
    // A tag can name another image a moment later.
    const digest = image.digest ?? (await resolveTag(home, image.tag, signal));
    const access = override === undefined ? home : await openRepository(override, options, egress);
    const signatures = await cosignEvidence(access, digest, 'sig', signal);
    const attestations = await cosignEvidence(access, digest, 'att', signal);
    const bundles = await bundleEvidence(access, digest, signal);
    const subjects = [{ sha256: digest.slice('sha256:'.length) }];
    const items = [...signatures, ...attestations, ...bundles].map((item) => ({ ...item, subjects }));
    return { image: `${repositoryName(image.repository)}@${digest}`, items, rule: 'Any' };
  } catch (error) {
    if (error instanceof StorageError) throw new UncheckedError(error.message, { cause: error });
    throw error;
  }
}
