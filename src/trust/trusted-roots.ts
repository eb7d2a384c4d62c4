// SPDX-License-Identifier: Apache-2.0
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import { LRUCache } from 'lru-cache';
import type { SigningPolicySpec } from '../api/v1alpha1/signing-policy/schema.ts';
import type { Access } from '../credentials/access.ts';
import { cacheClock, ttlBelow } from '../runtime/cache/cache-clock.ts';
import { parseTrustedRoot } from './parse-trusted-root.ts';
import { readEntry } from './read-entry.ts';
import { TrustError } from './trust-error.ts';
import { TufRoots } from './tuf-roots.ts';
import type { TufDefinition } from './tuf-roots.ts';

type TrustedRootSpec = NonNullable<SigningPolicySpec['trustedRoot']>;

/** The trusted root of one policy. */
export interface TrustedRootDefinition {
  readonly spec: TrustedRootSpec;
  /** The namespace of its references: the policy's own, or the operator's for the cluster kind. */
  readonly homeNamespace: string;
  /** "SigningPolicy team-a/release", for messages. */
  readonly description: string;
}

export interface TrustedRootsOptions {
  /** The folder for metadata of TUF repositories, which survives restarts. Defaults to one under the system's temporary folder. */
  readonly cacheDirectory?: string;
}

/** The longest time until a changed ConfigMap takes effect. */
const CONFIG_MAP_AGE_MS = 60_000;
const MAX_ROOTS = 64;
const DEFAULT_KEY = 'trusted_root.json';

/** Caches the trusted roots of policies. One instance serves the process. */
export class TrustedRoots {
  readonly #access: Access;
  readonly #tuf: TufRoots;
  readonly #configMaps: LRUCache<string, TrustedRoot>;
  readonly #inline = new LRUCache<string, TrustedRoot>({ max: MAX_ROOTS });

  constructor(access: Access, options: TrustedRootsOptions = {}) {
    this.#access = access;
    this.#tuf = new TufRoots(access, options.cacheDirectory);
    this.#configMaps = new LRUCache({ max: MAX_ROOTS, ttl: ttlBelow(CONFIG_MAP_AGE_MS), ...cacheClock(access.clock) });
  }

  /** Reads the trusted root of a policy. @throws TrustError, or the signal's reason when it aborts */
  async root({ spec, homeNamespace, description }: TrustedRootDefinition, signal: AbortSignal): Promise<TrustedRoot> {
    signal.throwIfAborted();
    switch (spec.type) {
      case 'Inline': {
        const text = required(spec.inline, 'inline', description);
        const source = `trustedRoot.inline of ${description}`;
        const root = this.#inline.get(text) ?? parseTrustedRoot(text, source);
        this.#inline.set(text, root);
        return root;
      }
      case 'ConfigMap': {
        const { name, key = DEFAULT_KEY } = required(spec.configMap, 'configMap', description);
        const entry = { namespace: homeNamespace, name, key, description };
        const id = JSON.stringify([homeNamespace, name, key]);
        const kept = this.#configMaps.get(id);
        if (kept !== undefined) return kept;
        const text = await readEntry(this.#access.objects, entry, signal);
        const source = `entry "${key}" of ConfigMap ${homeNamespace}/${name} of ${description}`;
        const root = parseTrustedRoot(text, source);
        this.#configMaps.set(id, root);
        return root;
      }
      case 'TUF': {
        const definition: TufDefinition = { ...required(spec.tuf, 'tuf', description), homeNamespace, description };
        return this.#tuf.root(definition, signal);
      }
    }
  }
}

function required<T>(member: T | undefined, name: string, description: string): T {
  if (member !== undefined) return member;
  throw new TrustError('Invalid', `trustedRoot of ${description} lacks its member "${name}"; set it`);
}
