// SPDX-License-Identifier: Apache-2.0
import { longDelay } from './long-delay.ts';

/** The source of time. Everything that waits or stamps takes one, so that tests control the time. */
export interface Clock {
  /** The wall clock: for what is written down. */
  now(): Date;
  /** Milliseconds from an arbitrary start, never set back: for deadlines and durations. */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason as soon as the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await longDelay(ms, { signal });
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep,
};
