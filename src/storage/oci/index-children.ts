// SPDX-License-Identifier: Apache-2.0
import type { Access } from '../../credentials/access.ts';
import type { BackendDefinition } from '../backend-definition.ts';
import { backendTls } from '../http/backend-tls.ts';
import { callFailure } from '../http/call-failure.ts';
import { StorageError } from '../storage-error.ts';
import { withinDeadline } from '../http/within-deadline.ts';
import { type IndexEntry, parseIndex } from './parse-index.ts';
import { credentialsFor, RegistryAccess } from './registry/registry-access.ts';
import { RegistryClient } from './registry/registry-client.ts';
import { accountSecrets } from './registry/registry-credentials.ts';
import { RegistrySession } from './registry/registry-session.ts';
import { parseRepository, repositoryName } from './registry/repository.ts';
import type { Repository } from './registry/repository.ts';
import type { RunTarget } from '../run-target.ts';

/** The worker does nothing else meanwhile. */
const READ_TIMEOUT_MS = 30_000;

/** The images of an index. */
export interface IndexChildren {
  /** `sha256:…` of each image manifest; empty for an image that is not an index. */
  readonly digests: readonly string[];
  /** One sentence for each part of the index that is left out. */
  readonly warnings: readonly string[];
}

export interface IndexQuestion {
  /** `registry/path`, as in subjects. */
  readonly image: string;
  /** `sha256:…` of an image that may be an index. */
  readonly digest: string;
  /** The run whose ServiceAccount's credentials are used. */
  readonly run: RunTarget;
  /** If it is of type OCI, its TLS settings are used, and its credentials if the run has none for the registry. */
  readonly backend?: BackendDefinition | undefined;
  /** The most children to list. */
  readonly limit: number;
}

/**
 * Read the images in an image index and in the indexes directly in it. Every byte is checked against its digest.
 * @throws StorageError when the registry cannot be read now
 */
export function indexChildren(question: IndexQuestion, access: Access, signal: AbortSignal): Promise<IndexChildren> {
  const { image, digest, limit } = question;
  const repository = parseRepository(image);
  if (repository === undefined) return Promise.resolve({ digests: [], warnings: [] });
  const doing = `reading ${repositoryName(repository)}@${digest}`;
  return withinDeadline({ signal, timeoutMs: READ_TIMEOUT_MS, doing }, async (inTime) => {
    const client = await imageClient(repository, question, { access, signal: inTime });
    const entries = await listed(client, digest, inTime);
    if (entries === undefined) {
      return { digests: [], warnings: [`${doing}: it is not there, so no image in it is signed`] };
    }
    return bounded(await flattened(client, entries, { limit, signal: inTime }), limit);
  });
}

/** The entries of an index; none for an image, undefined if the digest does not exist. */
async function listed(
  client: RegistryClient,
  digest: string,
  signal: AbortSignal,
): Promise<readonly IndexEntry[] | undefined> {
  const manifest = await client.getManifest(digest, signal);
  return manifest && (parseIndex(manifest) ?? []);
}

async function flattened(
  client: RegistryClient,
  entries: readonly IndexEntry[],
  { limit, signal }: { readonly limit: number; readonly signal: AbortSignal },
): Promise<IndexChildren> {
  const digests: string[] = [];
  const warnings: string[] = [];
  // Each inner index costs a request, and a run's author controls how many there are.
  for (const [position, { type, digest }] of entries.entries()) {
    if (type === 'Image') {
      digests.push(digest);
      continue;
    }
    if (position >= limit) {
      warnings.push(`the index ${digest} within the index is left out: there are too many before it`);
      continue;
    }
    const inner = await listed(client, digest, signal);
    if (inner === undefined) warnings.push(`the index ${digest} within the index is not there`);
    for (const entry of inner ?? []) {
      if (entry.type === 'Image') digests.push(entry.digest);
      else warnings.push(`the index ${entry.digest} is nested too deep: its images are not signed`);
    }
  }
  return { digests: [...new Set(digests)], warnings };
}

function bounded({ digests, warnings }: IndexChildren, limit: number): IndexChildren {
  if (digests.length <= limit) return { digests, warnings };
  const omitted = `the index holds ${digests.length} images, of which the first ${limit} are signed`;
  return { digests: digests.slice(0, limit), warnings: [omitted, ...warnings] };
}

async function imageClient(
  repository: Repository,
  { run, backend }: IndexQuestion,
  { access, signal }: { readonly access: Access; readonly signal: AbortSignal },
): Promise<RegistryClient> {
  const { objects, egress } = access;
  const lender = backend?.spec.type === 'OCI' ? { backend, oci: backend.spec.oci } : undefined;
  try {
    const named = credentialsFor(await accountSecrets(run, objects, signal), repository);
    if (named.credentials.length === 0 && lender !== undefined) {
      const registries = await new RegistryAccess(lender.backend, lender.oci, access).open(run, signal);
      return await registries.client(repository, 'pull');
    }
    const tls = lender === undefined ? {} : await backendTls(lender.backend, lender.oci.tls, objects, signal);
    const session = new RegistrySession({ egress, repository, tls, ...named, actions: 'pull' });
    return new RegistryClient(session, repository);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StorageError) throw error;
    throw callFailure(
      error,
      `reading the registry credentials of ServiceAccount ${run.namespace}/${run.serviceAccountName}`,
    );
  }
}
