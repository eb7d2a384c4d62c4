// SPDX-License-Identifier: Apache-2.0
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import type { EgressClient } from '../net/egress-client.ts';
import type { TlsOptions } from '../net/tls-options.ts';
import type { Clock } from '../runtime/clock.ts';
import { parseTrustedRoot } from './parse-trusted-root.ts';
import { TrustError } from './trust-error.ts';
import { fetchRoot, resetFolder } from './tuf-client.ts';
import type { FetchedRoot, TufFolder } from './tuf-client.ts';

const REFRESH_MS = 24 * 3_600_000;
/** Delays after a failed refresh, with and without a valid root. */
const RETRY_MS = 300_000;
const RETRY_EMPTY_MS = 10_000;
const TIMEOUT_MS = 60_000;

export interface TufRepositoryOptions extends TufFolder {
  readonly egress: EgressClient;
  readonly clock: Clock;
  readonly tls: TlsOptions;
}

interface Held {
  readonly root: TrustedRoot;
  readonly expiresAt: Date;
  readonly checkedAt: Date;
}

/**
 * The trusted root of one TUF mirror, from one initial root. It is refreshed once a day, and when its metadata has expired. While the mirror
 * is down or serves metadata that is not signed properly, the last good root stays in use until its metadata expires.
 */
export class TufRepository {
  readonly #options: TufRepositoryOptions;
  #held: Held | undefined;
  #failure: { readonly error: TrustError; readonly untilMs: number } | undefined;
  #refreshing: Promise<void> | undefined;

  constructor(options: TufRepositoryOptions) {
    this.#options = options;
  }

  /** @throws TrustError */
  async current(): Promise<TrustedRoot> {
    if (!this.#isFresh() && !this.#isWaiting()) {
      this.#refreshing ??= this.#refresh().finally(() => {
        this.#refreshing = undefined;
      });
      await this.#refreshing;
    }
    if (this.#held !== undefined && this.#isGood(this.#held)) return this.#held.root;
    throw this.#failure?.error ?? this.#expired();
  }

  #isFresh(): boolean {
    const held = this.#held;
    return held !== undefined && this.#isGood(held) && this.#ageMs(held.checkedAt) < REFRESH_MS;
  }

  #isGood({ expiresAt }: Held): boolean {
    return this.#options.clock.now() < expiresAt;
  }

  #isWaiting(): boolean {
    return this.#failure !== undefined && this.#options.clock.monotonicMs() < this.#failure.untilMs;
  }

  async #refresh(): Promise<void> {
    const { clock } = this.#options;
    if (this.#held === undefined && (await this.#adoptCached())) return;
    try {
      const fetched = await this.#fetch();
      this.#held = this.#read(fetched, clock.now());
      this.#failure = undefined;
      await writeFile(this.#marker(), clock.now().toISOString(), { mode: 0o600 });
    } catch (error) {
      if (this.#held === undefined) await this.#adoptAny();
      const waitMs = this.#held === undefined ? RETRY_EMPTY_MS : RETRY_MS;
      this.#failure = { error: this.#translated(error), untilMs: clock.monotonicMs() + waitMs };
    }
  }

  async #fetch(): Promise<FetchedRoot> {
    const { egress, tls, directory } = this.#options;
    const { TufFetcher } = await import('./tuf-fetcher.ts');
    const fetcher = new TufFetcher({ egress, tls, directory, signal: AbortSignal.timeout(TIMEOUT_MS) });
    try {
      return await fetchRoot(this.#options, fetcher, false);
    } catch (error) {
      throw fetcher.failure ?? error;
    }
  }

  /** Adopts the root that an earlier process refreshed within the last day, without network access. */
  async #adoptCached(): Promise<boolean> {
    const text = await readFile(this.#marker(), 'utf8').catch(() => '');
    const checkedAt = new Date(text);
    const ageMs = this.#ageMs(checkedAt);
    if (!(ageMs >= 0 && ageMs < REFRESH_MS)) return false;
    await this.#adoptAny(checkedAt);
    return this.#held !== undefined;
  }

  /** Adopts the root in the folder, if none of its metadata has expired. Resets an unreadable folder. */
  async #adoptAny(checkedAt = new Date(0)): Promise<void> {
    try {
      const { offlineFetcher } = await import('./tuf-fetcher.ts');
      this.#held = this.#read(await fetchRoot(this.#options, offlineFetcher, true), checkedAt);
    } catch (error) {
      if (error instanceof SyntaxError) await resetFolder(this.#options);
    }
  }

  #read({ text, expiresAt }: FetchedRoot, checkedAt: Date): Held {
    const root = parseTrustedRoot(text, `trusted_root.json of ${this.#options.mirror}`);
    return { root, expiresAt, checkedAt };
  }

  #marker(): string {
    return join(this.#options.directory, 'checked');
  }

  #ageMs(time: Date): number {
    return this.#options.clock.now().getTime() - time.getTime();
  }

  #translated(error: unknown): TrustError {
    const { mirror } = this.#options;
    if (error instanceof TrustError) {
      return new TrustError(error.reason, `TUF mirror ${mirror}: ${error.message}`, { cause: error });
    }
    const message = `TUF mirror ${mirror} serves metadata that is not signed as it must be, is rolled back or has expired; check its initial root`;
    return new TrustError('Invalid', message, { cause: error });
  }

  #expired(): TrustError {
    const message = `the metadata of TUF mirror ${this.#options.mirror} has expired and there is none newer`;
    return new TrustError('Unavailable', message);
  }
}
