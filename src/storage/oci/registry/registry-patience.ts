// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../../../runtime/clock.ts';
import { StorageError } from '../../storage-error.ts';

interface Troubled {
  readonly failures: number;
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** True while a caller tries the host again. */
  isTried: boolean;
}

const FIRST_SECONDS = 2;
const MAX_SECONDS = 60;
const MAX_HOSTS = 1000;

/**
 * Remembers the registries that do not respond or ask clients to wait, so that a thousand runs do not each time out. One caller at
 * a time tries again after 2 s, 4 s and so on up to 60 s, or after the time that the registry asks for.
 */
export class RegistryPatience {
  readonly #clock: Clock;
  readonly #hosts = new Map<string, Troubled>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Call before each request. @throws StorageError `BackendUnavailable` with the remaining time */
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

  /** Note that the host responded, with any status. */
  answered(host: string): void {
    this.#hosts.delete(host);
  }

  /** Note that the host did not respond, or asked clients to wait. */
  failed(host: string, retryAfterSeconds = 0): void {
    const before = this.#hosts.get(host);
    const now = this.#now();
    // Count concurrent requests as one failure.
    if (before !== undefined && before.until > now) return;
    const failures = (before?.failures ?? 0) + 1;
    const seconds = Math.min(MAX_SECONDS, Math.max(retryAfterSeconds, FIRST_SECONDS * 2 ** (failures - 1)));
    this.#hosts.delete(host);
    this.#hosts.set(host, { failures, until: now + seconds * 1000, isTried: false });
    const [oldest] = this.#hosts.keys();
    if (this.#hosts.size > MAX_HOSTS && oldest !== undefined) this.#hosts.delete(oldest);
  }

  /** Let another caller try: this one stopped for a reason of its own. */
  abandoned(host: string): void {
    const troubled = this.#hosts.get(host);
    if (troubled !== undefined) troubled.isTried = false;
  }

  #now(): number {
    return this.#clock.now().getTime();
  }
}
