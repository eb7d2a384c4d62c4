// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';

/** The source of time. Everything that waits or stamps takes one, so that tests control the time. */
export interface Clock {
  /** The wall clock: for what is written down. */
  now(): Date;
  /** Milliseconds from an arbitrary start, never set back: for deadlines and durations. */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason as soon as the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Node clamps longer timers to 1 ms, which would turn a far deadline into a busy loop. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const duration = Math.min(Math.max(0, ms), LONGEST_TIMER_MS);
  await delay(duration, undefined, signal === undefined ? undefined : { signal }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error;
  });
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep,
};
