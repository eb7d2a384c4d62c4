// SPDX-License-Identifier: Apache-2.0
import { hash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { TlsOptions } from '../../../../net/tls-options.ts';
import { cacheClock, ttlBelow } from '../../../../runtime/cache/cache-clock.ts';
import type { Clock } from '../../../../runtime/clock.ts';
import type { RegistryCredential } from '../docker-config.ts';
import type { SessionCredential } from '../registry-authorization.ts';
import type { Repository } from '../repository.ts';
import { type RecentReads, RepositoryMemory } from './repository-memory.ts';

/** Everything that decides whether one call may use what another has learnt. */
export interface RepositoryUse {
  /** The namespace whose credentials are used; empty for the backend's own. */
  readonly tenant: string;
  readonly repository: Repository;
  readonly tls: TlsOptions;
  /** In the order in which they are tried. */
  readonly credentials: readonly SessionCredential[];
}

const MAX_REPOSITORIES = 512;
/** After which all is learnt anew, however long tokens live. */
const MAX_AGE_MS = 600_000;
const MAX_READ_BYTES = 1024 * 1024;
/** The operator reads back what it has written at once. */
const MAX_READ_AGE_MS = 5000;

/**
 * Keeps what the calls of one driver learn about registries. A rotated Secret, another credential, another tenant or other TLS settings
 * find nothing of it.
 */
export class RegistryMemory {
  readonly #salt = randomBytes(32).toString('base64');
  readonly #repositories: LRUCache<string, RepositoryMemory>;
  readonly #reads: RecentReads;

  constructor(clock: Clock) {
    this.#reads = new LRUCache({
      maxSize: MAX_READ_BYTES,
      sizeCalculation: ({ bytes }) => bytes.length + 1,
      ttl: ttlBelow(MAX_READ_AGE_MS),
      ...cacheClock(clock),
    });
    this.#repositories = new LRUCache({
      max: MAX_REPOSITORIES,
      ttl: ttlBelow(MAX_AGE_MS),
      ...cacheClock(clock),
      memoMethod: (key) => new RepositoryMemory(clock, { all: this.#reads, key }),
    });
  }

  of(use: RepositoryUse): RepositoryMemory {
    return this.#repositories.memo(this.#digest(use));
  }

  clear(): void {
    this.#repositories.clear();
    this.#reads.clear();
  }

  /** Holds no secret that a dump of the keys would show. */
  #digest({ tenant, repository, tls, credentials }: RepositoryUse): string {
    const { registry, path } = repository;
    const shown = credentials.map(({ credential, source = '' }) => [source, ...revealed(credential)]);
    const text = JSON.stringify([this.#salt, tenant, registry, path, tls.insecure === true, tls.ca ?? null, shown]);
    return hash('sha256', text, 'base64');
  }
}

function revealed(credential: RegistryCredential): readonly string[] {
  return credential.type === 'Basic'
    ? [credential.type, credential.username, credential.password.revealText()]
    : [credential.type, credential.token.revealText()];
}
