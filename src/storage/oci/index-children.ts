// SPDX-License-Identifier: Apache-2.0
import type { Access } from '../../credentials/access.ts';
import type { BackendDefinition } from '../backend-definition.ts';
import { backendTls } from '../http/backend-tls.ts';
import { callFailure } from '../http/call-failure.ts';
import type { RunTarget } from '../driver.ts';
import { StorageError } from '../storage-error.ts';
import { withinDeadline } from '../http/within-deadline.ts';
import { type IndexEntry, parseIndex } from './parse-index.ts';
import { credentialsFor, RegistryAccess } from './registry/registry-access.ts';
import { RegistryClient } from './registry/registry-client.ts';
import { accountSecrets } from './registry/registry-credentials.ts';
import { RegistrySession } from './registry/registry-session.ts';
import { parseRepository, repositoryName } from './registry/repository.ts';
import type { Repository } from './registry/repository.ts';

/** A run waits for nothing else meanwhile, but its worker does no other run. */
const READ_TIMEOUT_MS = 30_000;

/** The images of an index. */
export interface IndexChildren {
  /** `sha256:…` of each image manifest; none for an image that is no index. */
  readonly digests: readonly string[];
  /** What of the index is left out. */
  readonly warnings: readonly string[];
}

export interface IndexQuestion {
  /** `registry/path` as subjects name it. */
  readonly image: string;
  /** `sha256:…` of what may be an index. */
  readonly digest: string;
  /** Whose ServiceAccount's credentials the registry sees. */
  readonly run: RunTarget;
  /** Lends its TLS settings if it is of the type OCI, and its credentials where the run has none for the registry. */
  readonly backend?: BackendDefinition | undefined;
  /** At most so many children. */
  readonly limit: number;
}

/**
 * Reads what an image index holds, and the indexes in it, one level deep. Every byte is checked against its digest.
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

/** What an index lists; nothing for an image, undefined where the registry has neither. */
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
  // Each index in it is a request, and a run's author wrote how many there are.
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
  const said = `the index holds ${digests.length} images, of which the first ${limit} are signed`;
  return { digests: digests.slice(0, limit), warnings: [said, ...warnings] };
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
