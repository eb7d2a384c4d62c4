// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../../../runtime/clock.ts';
import type { RecordKey } from '../../../records/record-key.ts';

/** Most turns come sooner. */
const QUIET_MS = 45_000;

/**
 * Records that only wait for their turn at a backend. Their status reports that after a while: most turns come in a moment, and an earlier
 * write would cost each record of a busy hour a second write and a read.
 */
export class QuietTurns {
  readonly #clock: Clock;
  /** The end of each record's quiet time, in monotonic milliseconds. */
  readonly #untilMs = new Map<RecordKey, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes that the record waits for its turn. @returns the seconds for which its status stays unchanged; 0 when it is to be written */
  secondsLeft(key: RecordKey): number {
    const nowMs = this.#clock.monotonicMs();
    const untilMs = this.#untilMs.get(key) ?? nowMs + QUIET_MS;
    this.#untilMs.set(key, untilMs);
    return Math.max(0, untilMs - nowMs) / 1000;
  }

  /** Ends the quiet time: the record had its turn, waits for something else, or is gone. */
  end(key: RecordKey): void {
    this.#untilMs.delete(key);
  }
}
