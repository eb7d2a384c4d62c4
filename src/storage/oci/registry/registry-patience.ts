// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../../../runtime/clock.ts';
import { StorageError } from '../../storage-error.ts';

interface Troubled {
  readonly failures: number;
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** Whether somebody is trying the host again. */
  isTried: boolean;
}

const FIRST_SECONDS = 2;
const MAX_SECONDS = 60;
const MAX_HOSTS = 1000;

/**
 * Remembers the registries that do not answer or ask to be left alone, so that a thousand runs do not each find that out. One of them at
 * a time tries again when the time is over: 2 s, 4 s and so on up to 60 s, or what the registry asks for.
 */
export class RegistryPatience {
  readonly #clock: Clock;
  readonly #hosts = new Map<string, Troubled>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Before each request. @throws StorageError `BackendUnavailable` with the time that is left */
  enter(host: string, doing: string): void {
    const troubled = this.#hosts.get(host);
    if (troubled === undefined) return;
    const left = Math.ceil((troubled.until - this.#now()) / 1000);
    if (left <= 0 && !troubled.isTried) {
      troubled.isTried = true;
      return;
    }
    const message = `${doing}: ${host} did not respond; backing off`;
    throw new StorageError('BackendUnavailable', message, { retryAfterSeconds: Math.max(left, 1) });
  }

  /** It answered, whatever that was. */
  answered(host: string): void {
    this.#hosts.delete(host);
  }

  /** It did not, or asked to be left alone. */
  failed(host: string, retryAfterSeconds = 0): void {
    const before = this.#hosts.get(host);
    const now = this.#now();
    // Requests that were under way together are one failure.
    if (before !== undefined && before.until > now) return;
    const failures = (before?.failures ?? 0) + 1;
    const seconds = Math.min(MAX_SECONDS, Math.max(retryAfterSeconds, FIRST_SECONDS * 2 ** (failures - 1)));
    this.#hosts.delete(host);
    this.#hosts.set(host, { failures, until: now + seconds * 1000, isTried: false });
    const [oldest] = this.#hosts.keys();
    if (this.#hosts.size > MAX_HOSTS && oldest !== undefined) this.#hosts.delete(oldest);
  }

  /** The one who tried broke off for a reason of its own: another may. */
  abandoned(host: string): void {
    const troubled = this.#hosts.get(host);
    if (troubled !== undefined) troubled.isTried = false;
  }

  #now(): number {
    return this.#clock.now().getTime();
  }
}
