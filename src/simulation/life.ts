// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../runtime/clock.ts';
import type { VirtualTime } from './virtual-time.ts';

const START_MS = Date.parse('2026-01-02T03:04:05Z');

/**
 * One life of the operator's process: its clock, and whether it is still running. After the end, no promise settles and no request reaches
 * the world, as after a kill.
 */
export class Life {
  readonly clock: Clock;
  readonly #time: VirtualTime;
  #isOver = false;
  #pausedUntilMs = 0;

  constructor(time: VirtualTime) {
    this.#time = time;
    this.clock = {
      now: () => {
        time.step();
        return new Date(START_MS + time.nowMs);
      },
      monotonicMs: () => {
        time.step();
        return time.nowMs;
      },
      sleep: (ms, signal) => this.#sleep(ms, signal),
    };
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  end(): void {
    this.#isOver = true;
  }

  /** Stops the process for a while, as a machine does that is suspended: its time goes on, and nothing of it happens. */
  pause(ms: number): void {
    this.#pausedUntilMs = this.#time.nowMs + ms;
  }

  /** Calls `ring` after `ms`, and not while the process is paused. @returns a function that cancels the alarm */
  after(ms: number, ring: () => void): () => void {
    let cancel = this.#time.after(ms, () => {
      const leftMs = this.#pausedUntilMs - this.#time.nowMs;
      if (leftMs > 0) cancel = this.after(leftMs, ring);
      else ring();
    });
    return () => {
      cancel();
    };
  }

  /** Resolves after `ms`, or never if the life ends first. */
  wait(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.after(ms, () => {
      if (!this.#isOver) resolve(undefined);
    });
    return promise;
  }

  #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    if (signal?.aborted === true) {
      reject(signal.reason);
      return promise;
    }
    const onAbort = (): void => {
      cancel();
      if (!this.#isOver) reject(signal?.reason);
    };
    const cancel = this.after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      if (!this.#isOver) resolve(undefined);
    });
    signal?.addEventListener('abort', onAbort, { once: true });
    return promise;
  }
}

/** Converts virtual milliseconds to a date. */
export function dateAt(nowMs: number): Date {
  return new Date(START_MS + nowMs);
}
