// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../../runtime/clock.ts';

/** Calls `onIdle` once when `touch` has not been called for `idleMs`. One timer, set again only when it runs out. */
export class IdleWatchdog {
  readonly #clock: Clock;
  readonly #stopped = new AbortController();
  #touchedMs: number;

  constructor(clock: Clock, idleMs: number, onIdle: () => void) {
    this.#clock = clock;
    this.#touchedMs = clock.monotonicMs();
    this.#guard(idleMs, onIdle).catch(() => undefined); // stopped
  }

  touch(): void {
    this.#touchedMs = this.#clock.monotonicMs();
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #guard(idleMs: number, onIdle: () => void): Promise<void> {
    for (let leftMs = idleMs; leftMs > 0; leftMs = this.#touchedMs + idleMs - this.#clock.monotonicMs()) {
      await this.#clock.sleep(leftMs, this.#stopped.signal);
    }
    onIdle();
  }
}
