// SPDX-License-Identifier: Apache-2.0
import { abortable } from '../runtime/abortable.ts';
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
import { objectKey } from './resource.ts';

export interface KubeObjectReaderOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** How long a Secret may be used without being read again; 30 s when absent, and never longer. */
  readonly secretAgeMs?: number;
  /** Secrets kept at most; the one read first gives way. */
  readonly maxSecrets?: number;
  /** What kept Secrets may hold together: those of a tenant take up to a mebibyte each. 16 MiB when absent. */
  readonly maxBytes?: number;
}

const MAX_SECRET_AGE_MS = 30_000;
const MAX_BYTES = 16 * 1024 * 1024;

interface CachedSecret {
  readonly readAtMs: number;
  /** A promise, so that many reconciles of one moment share one read. */
  readonly secret: Promise<TypedSecret | undefined>;
  /** 0 until it was read. */
  sizeBytes: number;
}

/**
 * Reads the objects that policies and backends refer to at the moment of their use. Nothing is watched; Secrets are kept for at
 * most 30 s, so that a mended one takes effect soon. Each method gives undefined for an object that does not exist and throws
 * KubeError otherwise: for one that may not be read, `isForbidden` holds.
 */
export class KubeObjectReader {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #secretAgeMs: number;
  readonly #maxSecrets: number;
  readonly #maxBytes: number;
  readonly #secrets = new Map<string, CachedSecret>();

  constructor(options: KubeObjectReaderOptions) {
    this.#client = options.client;
    this.#clock = options.clock;
    this.#secretAgeMs = Math.min(options.secretAgeMs ?? MAX_SECRET_AGE_MS, MAX_SECRET_AGE_MS);
    this.#maxSecrets = options.maxSecrets ?? 256;
    this.#maxBytes = options.maxBytes ?? MAX_BYTES;
  }

  async getSecret(namespace: string, name: string, signal: AbortSignal): Promise<SecretData | undefined> {
    return (await this.getTypedSecret(namespace, name, signal))?.data;
  }

  async getTypedSecret(namespace: string, name: string, signal: AbortSignal): Promise<TypedSecret | undefined> {
    const key = objectKey({ namespace, name });
    this.#dropOld();
    const cached = this.#secrets.get(key);
    if (cached !== undefined) return abortable(cached.secret, signal);
    // Read under a signal of its own: the caller who gives up must not fail the others who wait for the same read.
    const secret = this.#client.find(TYPED_SECRETS, { namespace, name }, { signal: new AbortController().signal });
    this.#remember(key, secret);
    return abortable(secret, signal);
  }

  async getConfigMap(
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | undefined> {
    return this.#client.find(CONFIG_MAPS, { namespace, name }, { signal });
  }

  async getServiceAccount(
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<ServiceAccountSecrets | undefined> {
    return this.#client.find(SERVICE_ACCOUNTS, { namespace, name }, { signal });
  }

  #remember(key: string, secret: Promise<TypedSecret | undefined>): void {
    const entry = { readAtMs: this.#clock.monotonicMs(), secret, sizeBytes: 0 };
    this.#secrets.set(key, entry);
    this.#makeRoom();
    const forget = (): void => {
      if (this.#secrets.get(key) === entry) this.#secrets.delete(key);
    };
    // Neither a failure nor an absence is kept: the next read may find it mended.
    secret.then((found) => {
      if (found === undefined) {
        forget();
        return;
      }
      entry.sizeBytes = Object.values(found.data).reduce((sum, { length }) => sum + length, 0);
      this.#makeRoom();
    }, forget);
  }

  /** The one read first gives way, until all that are kept fit. */
  #makeRoom(): void {
    let sizeBytes = [...this.#secrets.values()].reduce((sum, entry) => sum + entry.sizeBytes, 0);
    for (const [key, entry] of this.#secrets) {
      if (this.#secrets.size <= this.#maxSecrets && sizeBytes <= this.#maxBytes) return;
      this.#secrets.delete(key);
      sizeBytes -= entry.sizeBytes;
    }
  }

  #dropOld(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [key, entry] of this.#secrets) {
      if (nowMs - entry.readAtMs < this.#secretAgeMs) return; // in order of reading
      this.#secrets.delete(key);
    }
  }
}
