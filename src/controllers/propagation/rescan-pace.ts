// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../../runtime/clock.ts';
import { EVERYWHERE } from './change-propagation.ts';

/** A pause lasts so many times as long as the rescan before it. */
const PAUSE_FACTOR = 4;
const MAX_PAUSE_MS = 30_000;

/**
 * The pauses between rescans of the runs of one namespace. Each change of a policy or backend asks for one, and a namespace can have many
 * and large runs: without pauses, a team that edits its policy without end has the operator read all of them without end.
 */
export class RescanPace {
  readonly #clock: Clock;
  /** The time at which the pause of a namespace ends. */
  readonly #pausedUntilMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Seconds until the next rescan of the namespace may begin; 0 when it may now. */
  secondsLeft(namespace: string): number {
    const untilMs = this.#pausedUntilMs.get(namespace) ?? -Infinity;
    return Math.max(0, untilMs - this.#clock.monotonicMs()) / 1000;
  }

  /** Does a rescan. Those of all namespaces are the platform's own doing, and have no pause. */
  async measure(namespace: string, rescan: () => Promise<void>): Promise<void> {
    const beganMs = this.#clock.monotonicMs();
    try {
      await rescan();
    } finally {
      this.#pause(namespace, this.#clock.monotonicMs() - beganMs);
    }
  }

  #pause(namespace: string, tookMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [other, untilMs] of this.#pausedUntilMs) if (untilMs <= nowMs) this.#pausedUntilMs.delete(other);
    if (namespace === EVERYWHERE) return;
    this.#pausedUntilMs.set(namespace, nowMs + Math.min(PAUSE_FACTOR * tookMs, MAX_PAUSE_MS));
  }
}
