// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import { LRUCache } from 'lru-cache';
import type { SigningPolicySpec } from '../api/v1alpha1/signing-policy/schema.ts';
import type { Access } from '../credentials/access.ts';
import { field } from '../json/fields.ts';
import { displayUrl } from '../net/display-url.ts';
import type { TlsOptions } from '../net/tls-options.ts';
import { abortable } from '../runtime/abortable.ts';
import { cacheClock, ttlBelow } from '../runtime/cache/cache-clock.ts';
import { readEntry } from './read-entry.ts';
import { TrustError } from './trust-error.ts';
import { TufRepository } from './tuf-repository.ts';

export type TufDefinition = NonNullable<NonNullable<SigningPolicySpec['trustedRoot']>['tuf']> & {
  readonly homeNamespace: string;
  readonly description: string;
};

/** Part of a repository's identity: policies share a repository only with the same initial root. */
interface Origin {
  readonly initialRoot: string;
  readonly tls: TlsOptions;
}

const ORIGIN_AGE_MS = 60_000;
const MAX_REPOSITORIES = 64;

/** Caches the trusted roots of TUF mirrors. */
export class TufRoots {
  readonly #access: Access;
  readonly #cacheDirectory: string;
  readonly #origins: LRUCache<string, Origin>;
  readonly #repositories = new LRUCache<string, TufRepository>({ max: MAX_REPOSITORIES });

  constructor(access: Access, cacheDirectory = join(tmpdir(), `hallmark-tuf-${userInfo().uid}`)) {
    this.#access = access;
    this.#cacheDirectory = cacheDirectory;
    this.#origins = new LRUCache({ max: MAX_REPOSITORIES, ttl: ttlBelow(ORIGIN_AGE_MS), ...cacheClock(access.clock) });
  }

  /** @throws TrustError */
  async root(definition: TufDefinition, signal: AbortSignal): Promise<TrustedRoot> {
    const { homeNamespace, mirror, rootRef, caBundleRef } = definition;
    const key = JSON.stringify([homeNamespace, mirror, rootRef, caBundleRef]);
    const origin = this.#origins.get(key) ?? (await this.#origin(definition, signal));
    this.#origins.set(key, origin, { noUpdateTTL: true });
    return abortable(this.#current(mirror, origin), signal);
  }

  async #origin(definition: TufDefinition, signal: AbortSignal): Promise<Origin> {
    const { homeNamespace: namespace, mirror, rootRef, caBundleRef, description } = definition;
    const entry = (ref: { name: string; key?: string | undefined }, key: string): Promise<string> =>
      readEntry(this.#access.objects, { namespace, name: ref.name, key: ref.key ?? key, description }, signal);
    const initialRoot = rootRef === undefined ? seedRoot(mirror) : await entry(rootRef, 'root.json');
    if (initialRoot === undefined) {
      const message = `${description} names the TUF mirror ${displayUrl(new URL(mirror))} without an initial root; set trustedRoot.tuf.rootRef`;
      throw new TrustError('NotFound', message);
    }
    const tls = caBundleRef === undefined ? {} : { ca: await entry(caBundleRef, 'ca.crt') };
    return { initialRoot, tls };
  }

  async #current(mirror: string, { initialRoot, tls }: Origin): Promise<TrustedRoot> {
    const key = createHash('sha256')
      .update(JSON.stringify([mirror, initialRoot, tls]))
      .digest('hex');
    const known = this.#repositories.get(key);
    const { egress, clock } = this.#access;
    const directory = join(this.#cacheDirectory, key);
    const repository = known ?? new TufRepository({ mirror, initialRoot, tls, directory, egress, clock });
    this.#repositories.set(key, repository);
    if (known === undefined) await this.#makeRoom();
    return repository.current();
  }

  /** Removes folders of unused repositories, also of earlier processes: tenants create folders by naming mirrors and roots. */
  async #makeRoom(): Promise<void> {
    const folders = await readdir(this.#cacheDirectory).catch(() => []);
    const unused = folders.filter((name) => !this.#repositories.has(name));
    const excess = Math.max(0, folders.length + 1 - MAX_REPOSITORIES);
    const removed = unused.slice(0, excess).map((name) => join(this.#cacheDirectory, name));
    await Promise.all(removed.map((folder) => rm(folder, { recursive: true, force: true })));
  }
}

/** Returns the initial root that `@sigstore/tuf` ships for a well-known mirror, or undefined. */
export function seedRoot(mirror: string): string | undefined {
  const seeds: unknown = createRequire(import.meta.url)('@sigstore/tuf/seeds.json');
  const root = field(field(seeds, mirror.replace(/\/+$/, '')), 'root.json');
  return typeof root === 'string' ? Buffer.from(root, 'base64').toString('utf8') : undefined;
}
