// SPDX-License-Identifier: Apache-2.0
import { systemClock, type Clock } from '../../src/runtime/clock.ts';

/** A clock on which time passes so many times faster, so that back-offs of seconds take milliseconds. */
export function hastyClock(factor: number): Clock {
  const beganMs = systemClock.monotonicMs();
  return {
    now: () => systemClock.now(),
    monotonicMs: () => beganMs + (systemClock.monotonicMs() - beganMs) * factor,
    sleep: (ms, signal) => systemClock.sleep(ms / factor, signal),
  };
}
