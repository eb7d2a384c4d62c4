// SPDX-License-Identifier: Apache-2.0
import type { Backoff } from '../../runtime/backoff.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { RecordKey } from '../../records/record-key.ts';
import type { PolicyKey } from '../../pipelines/policy-key.ts';
import type { BackendKey } from '../../pipelines/backend-key.ts';

/** A backend, or the witnesses of a policy. */
type AttemptedServer = BackendKey | 'witnesses';

interface Attempt {
  readonly failures: number;
  readonly dueMs: number;
}

/**
 * When each backend of each record may be tried again. In memory only: after a restart everything that is not stored is
 * tried once at once, which is what one wants after a restart.
 */
export class StoreAttempts {
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  readonly #attempts = new Map<RecordKey | PolicyKey, Map<AttemptedServer, Attempt>>();

  constructor(clock: Clock, backoff: Backoff) {
    this.#clock = clock;
    this.#backoff = backoff;
  }

  /** How many records wait for another attempt. */
  get size(): number {
    return this.#attempts.size;
  }

  isDue(key: RecordKey | PolicyKey, server: AttemptedServer): boolean {
    const attempt = this.#attempts.get(key)?.get(server);
    return attempt === undefined || attempt.dueMs <= this.#clock.monotonicMs();
  }

  /** Notes a failure. A server that asked to wait longer than the back-off would is obeyed. @returns when it is tried again */
  failed(key: RecordKey | PolicyKey, server: AttemptedServer, retryAfterSeconds = 0): Date {
    const ofRecord = this.#attempts.get(key) ?? new Map<AttemptedServer, Attempt>();
    const failures = (ofRecord.get(server)?.failures ?? 0) + 1;
    const waitMs = Math.max(this.#backoff.delayMs(failures), retryAfterSeconds * 1000);
    ofRecord.set(server, { failures, dueMs: this.#clock.monotonicMs() + waitMs });
    this.#attempts.set(key, ofRecord);
    return new Date(this.#clock.now().getTime() + waitMs);
  }

  succeeded(key: RecordKey | PolicyKey, server: AttemptedServer): void {
    const ofRecord = this.#attempts.get(key);
    ofRecord?.delete(server);
    if (ofRecord?.size === 0) this.#attempts.delete(key);
  }

  /** Forgets a record, because it is gone or because what it waits for has changed. */
  forget(key: RecordKey | PolicyKey): void {
    this.#attempts.delete(key);
  }

  /**
   * Seconds until the first of these backends is due, or undefined when none of them waits. A failure of a backend that is gone
   * by now (its upload ended after it was deleted) has no time of its own: it would be due for ever.
   */
  secondsUntilDue(key: RecordKey | PolicyKey, servers: readonly AttemptedServer[]): number | undefined {
    const ofRecord = this.#attempts.get(key);
    const dueMs = servers.flatMap((key) => ofRecord?.get(key)?.dueMs ?? []);
    if (dueMs.length === 0) return undefined;
    return Math.max(0, Math.min(...dueMs) - this.#clock.monotonicMs()) / 1000;
  }
}
