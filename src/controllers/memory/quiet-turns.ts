// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../../runtime/clock.ts';
import type { RecordKey } from '../../records/record-key.ts';

/** Most turns come sooner. */
const QUIET_MS = 45_000;

/**
 * Records that wait for their turn at a backend and for nothing else. Their status says so only after a while: most turns come in a moment,
 * and a write before that would cost each record of a busy hour a second one, and the read of what it made.
 */
export class QuietTurns {
  readonly #clock: Clock;
  /** Until when each record says nothing, in monotonic milliseconds. */
  readonly #untilMs = new Map<RecordKey, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The record waits for its turn. @returns for how many more seconds its status stays as it is; 0 when it is to say so */
  secondsLeft(key: RecordKey): number {
    const nowMs = this.#clock.monotonicMs();
    const untilMs = this.#untilMs.get(key) ?? nowMs + QUIET_MS;
    this.#untilMs.set(key, untilMs);
    return Math.max(0, untilMs - nowMs) / 1000;
  }

  /** The record had its turn, waits for something else, or is gone. */
  end(key: RecordKey): void {
    this.#untilMs.delete(key);
  }
}
