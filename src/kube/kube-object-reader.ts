// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import { abortable } from '../runtime/abortable.ts';
import { cacheClock, ttlBelow } from '../runtime/cache/cache-clock.ts';
import type { Clock } from '../runtime/clock.ts';
import {
  CONFIG_MAPS,
  TYPED_SECRETS,
  SERVICE_ACCOUNTS,
  type SecretData,
  type ServiceAccountSecrets,
  type TypedSecret,
} from './core-resources.ts';
import type { KubeClient } from './kube-client.ts';
import { type ObjectName, objectKey, type Resource } from './resource.ts';

export interface KubeObjectReaderOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** The maximum age of a cached Secret or ServiceAccount; 30 s when absent, and never longer. */
  readonly secretAgeMs?: number;
  /** Secrets kept at most; the one read first gives way. */
  readonly maxSecrets?: number;
  /** Maximum total size of cached Secrets, of which each takes up to a mebibyte. 16 MiB when absent. */
  readonly maxBytes?: number;
}

const MAX_SECRET_AGE_MS = 30_000;
const MAX_SECRETS = 256;
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_ACCOUNTS = 1024;
const MAX_ACCOUNT_NAMES = 64 * 1024;

/**
 * Reads the objects that policies and backends refer to at the moment of their use. Nothing is watched; Secrets and ServiceAccounts are
 * kept for at most 30 s, so that a corrected one takes effect soon. Each method gives undefined for an object that does not exist and
 * throws KubeError otherwise: for one that may not be read, `isForbidden` holds.
 */
export class KubeObjectReader {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #ageMs: number;
  readonly #secrets: LRUCache<string, TypedSecret, ObjectName>;
  readonly #accounts: LRUCache<string, ServiceAccountSecrets, ObjectName>;

  constructor(options: KubeObjectReaderOptions) {
    this.#client = options.client;
    this.#clock = options.clock;
    this.#ageMs = Math.min(options.secretAgeMs ?? MAX_SECRET_AGE_MS, MAX_SECRET_AGE_MS);
    this.#secrets = this.#kept(TYPED_SECRETS, {
      max: options.maxSecrets ?? MAX_SECRETS,
      maxSize: options.maxBytes ?? MAX_BYTES,
      sizeCalculation: ({ data }) => Object.values(data).reduce((sum, { length }) => sum + length, 1),
    });
    this.#accounts = this.#kept(SERVICE_ACCOUNTS, {
      max: MAX_ACCOUNTS,
      maxSize: MAX_ACCOUNT_NAMES,
      sizeCalculation: ({ secretNames }) => secretNames.length + 1,
    });
  }

  async getSecret(namespace: string, name: string, signal: AbortSignal): Promise<SecretData | undefined> {
    return (await this.getTypedSecret(namespace, name, signal))?.data;
  }

  /** @param options.maxAgeMs the greatest age of a kept copy */
  async getTypedSecret(
    namespace: string,
    name: string,
    signal: AbortSignal,
    { maxAgeMs = Infinity }: { readonly maxAgeMs?: number } = {},
  ): Promise<TypedSecret | undefined> {
    return abortable(this.#read(this.#secrets, { namespace, name }, maxAgeMs), signal);
  }

  async getConfigMap(
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | undefined> {
    return this.#client.find(CONFIG_MAPS, { namespace, name }, { signal });
  }

  /** @param options.maxAgeMs the greatest age of a kept copy */
  async getServiceAccount(
    namespace: string,
    name: string,
    signal: AbortSignal,
    { maxAgeMs = Infinity }: { readonly maxAgeMs?: number } = {},
  ): Promise<ServiceAccountSecrets | undefined> {
    return abortable(this.#read(this.#accounts, { namespace, name }, maxAgeMs), signal);
  }

  /** Neither a failure nor an absence is cached: the next read may find it corrected. */
  #read<T extends object>(
    cache: LRUCache<string, T, ObjectName>,
    context: ObjectName,
    maxAgeMs: number,
  ): Promise<T | undefined> {
    const key = objectKey(context);
    const ageMs = ttlBelow(this.#ageMs) - cache.getRemainingTTL(key);
    return cache.fetch(key, { context, forceRefresh: this.#ageMs === 0 || ageMs > maxAgeMs });
  }

  #kept<T extends object>(
    resource: Resource<T>,
    limits: Required<Pick<LRUCache.Options<string, T, ObjectName>, 'max' | 'maxSize' | 'sizeCalculation'>>,
  ): LRUCache<string, T, ObjectName> {
    return new LRUCache({
      ...limits,
      ttl: ttlBelow(this.#ageMs),
      ...cacheClock(this.#clock),
      // An object that gives way while it is read is read to its end all the same, for those who wait.
      ignoreFetchAbort: true,
      fetchMethod: (_key, _stale, { context }) => {
        // Under a signal of its own: the caller who gives up must not fail the others who wait for the same read.
        const { signal } = new AbortController();
        return this.#client.find(resource, context, { signal });
      },
    });
  }
}
