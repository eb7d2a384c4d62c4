// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import { cacheClock, ttlBelow } from '../../../../runtime/cache/cache-clock.ts';
import { systemClock, type Clock } from '../../../../runtime/clock.ts';
import type { SecretValue } from '../../../../runtime/secret-value.ts';
import type { Challenge } from '../challenge.ts';
import type { ManifestDescriptor, StoredManifest } from '../manifest.ts';

export type RegistryActions = 'pull' | 'pull,push';

/** A bearer token, and the end of its life on the monotonic clock. */
export interface RegistryToken {
  readonly token: SecretValue;
  readonly expiresAtMs: number;
}

/** The credential that a registry accepted. */
export interface AcceptedCredential {
  /** The position in the list of credentials; undefined if no credential was needed for the token. */
  readonly position: number | undefined;
  /** Absent if the credential itself is shown to the registry: it is in the Secret, and not kept here. */
  readonly bearer?: RegistryToken;
  readonly actions: RegistryActions;
}

/** Tags as they were read after a write, of all repositories of a driver. */
export type RecentReads = LRUCache<string, StoredManifest>;

/** A registry chooses the length of its tokens. */
const MAX_KEPT_TOKEN_BYTES = 16 * 1024;
/** The artifacts of one run follow each other within seconds. */
const IMAGE_AGE_MS = 30_000;
const MAX_IMAGES = 32;

/** Facts about one repository that calls with the same settings and credentials have learnt from its registry. */
export class RepositoryMemory {
  /** The origin that answered last. */
  origin: string | undefined;
  challenge: Challenge | undefined;
  /** False for a registry that takes no blob in a single POST. */
  takesSinglePost: boolean | undefined;
  /** True for a registry with the referrers API. */
  listsReferrers: boolean | undefined;
  /** Digests of blobs in the repository that many manifests share. */
  readonly sharedBlobs = new Set<string>();
  readonly #clock: Clock;
  readonly #reads: { readonly all: RecentReads; readonly key: string } | undefined;
  #accepted: AcceptedCredential | undefined;
  #images: LRUCache<string, ManifestDescriptor> | undefined;

  /** @param reads the reads of a driver, and the key of this repository among them */
  constructor(clock: Clock = systemClock, reads?: { readonly all: RecentReads; readonly key: string }) {
    this.#clock = clock;
    this.#reads = reads;
  }

  /** Milliseconds on the clock by which tokens expire. */
  nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** The credential that was accepted for these actions, unless its token has expired. */
  accepted(actions: RegistryActions): AcceptedCredential | undefined {
    const accepted = this.#accepted;
    if (accepted === undefined || (accepted.actions !== actions && accepted.actions === 'pull')) return undefined;
    return accepted.bearer === undefined || accepted.bearer.expiresAtMs > this.nowMs() ? accepted : undefined;
  }

  accept(accepted: AcceptedCredential): void {
    const bytes = accepted.bearer?.token.reveal().length ?? 0;
    this.#accepted = bytes > MAX_KEPT_TOKEN_BYTES ? undefined : accepted;
  }

  /** Forget what was accepted, unless another call has replaced it meanwhile. */
  refuse(refused: AcceptedCredential | undefined): void {
    if (this.#accepted === refused) this.#accepted = undefined;
  }

  /** Forget an origin that does not answer. */
  lose(origin: string | undefined): void {
    if (this.origin === origin) this.origin = undefined;
  }

  /** Keep a tag as the registry gave it after a write, for the read-back that follows at once. */
  keepRead(tag: string, manifest: StoredManifest): void {
    this.#reads?.all.set(`${this.#reads.key}:${tag}`, manifest);
  }

  /** Gives a kept tag once, so that the next read-back asks the registry. */
  takeRead(tag: string): StoredManifest | undefined {
    if (this.#reads === undefined) return undefined;
    const { all, key } = this.#reads;
    const manifest = all.get(`${key}:${tag}`);
    all.delete(`${key}:${tag}`);
    return manifest;
  }

  /** The manifest of this digest, if the repository had it within the last seconds. */
  image(digest: string): ManifestDescriptor | undefined {
    return this.#images?.get(digest);
  }

  remember(image: ManifestDescriptor): void {
    this.#images ??= new LRUCache({ max: MAX_IMAGES, ttl: ttlBelow(IMAGE_AGE_MS), ...cacheClock(this.#clock) });
    this.#images.set(image.digest, image);
  }
}
