// SPDX-License-Identifier: Apache-2.0
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../clock.ts';

interface Alarm {
  readonly dueMs: number;
  readonly ring: () => void;
}

/** Alarms that are close together ring together: there are fewer instants to settle then. */
const GRAIN_MS = 5;
/** Turns of the event loop at one instant. Work that takes no time ends after a few; a circle never does. */
const MAX_TURNS = 200;

/** Time that stands still while anything can run, and then leaps to the next alarm. */
export class LeapingClock implements Clock {
  /** By due time, the latest first; the last to ring comes first among those with one time. */
  readonly #alarms: Alarm[] = [];
  readonly #onTurn: () => void;
  #nowMs = 0;
  #steps = 0;

  /** @param onTurn is called in each turn of the event loop */
  constructor(onTurn: () => void) {
    this.#onTurn = onTurn;
  }

  now(): Date {
    return new Date(this.#nowMs);
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  /** Notes that something ran, so that the instant is not over. */
  step(): void {
    this.#steps += 1;
  }

  /** Rings after `ms` or a little later. @returns what takes the alarm back */
  after(ms: number, ring: () => void): () => void {
    this.step();
    const alarm = { dueMs: Math.ceil((this.#nowMs + Math.max(0, ms)) / GRAIN_MS) * GRAIN_MS, ring };
    let low = 0;
    for (let high = this.#alarms.length; low < high;) {
      const middle = (low + high) >> 1;
      if ((this.#alarms[middle]?.dueMs ?? 0) > alarm.dueMs) low = middle + 1;
      else high = middle;
    }
    this.#alarms.splice(low, 0, alarm);
    return () => {
      const at = this.#alarms.indexOf(alarm);
      if (at >= 0) this.#alarms.splice(at, 1);
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const cancel = this.after(ms, () => {
      resolve(undefined);
    });
    signal?.addEventListener('abort', () => {
      cancel();
      reject(new Error('the sleep was aborted'));
    });
    return promise;
  }

  /**
   * Lets time pass.
   * @param beforeLeap is asked before each leap, with the time after it, whether to end there
   * @returns why it ended
   */
  async run(untilMs: number, beforeLeap: (toMs: number) => boolean): Promise<'Over' | 'NothingLeft' | 'Circle'> {
    for (;;) {
      if (!(await this.#settle())) return 'Circle';
      const next = this.#alarms.at(-1);
      if (beforeLeap(next?.dueMs ?? Infinity)) return 'Over';
      if (next === undefined) return 'NothingLeft';
      if (next.dueMs > untilMs) return 'Over';
      this.#nowMs = next.dueMs;
      for (let due = this.#takeDue(); due !== undefined; due = this.#takeDue()) due.ring();
    }
  }

  #takeDue(): Alarm | undefined {
    const next = this.#alarms.at(-1);
    return next !== undefined && next.dueMs <= this.#nowMs ? this.#alarms.pop() : undefined;
  }

  /** @returns whether the instant ends */
  async #settle(): Promise<boolean> {
    for (let turns = 0; turns < MAX_TURNS; turns += 1) {
      const before = this.#steps;
      await nextTurn();
      this.#onTurn();
      if (this.#steps === before) return true;
    }
    return false;
  }
}
