// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../clock.ts';

export interface CacheClock {
  readonly perf: { readonly now: () => number };
  readonly ttlResolution: 0;
}

/** Options by which an LRUCache with a TTL reads the injected clock. It takes a start at 0 for no start, hence the offset. */
export function cacheClock(clock: Clock): CacheClock {
  return { perf: { now: () => clock.monotonicMs() + 1 }, ttlResolution: 0 };
}

/** The TTL of an entry that may be younger than `ageMs`, but not as old: LRUCache still returns an entry as old as its TTL. */
export function ttlBelow(ageMs: number): number {
  return Math.max(ageMs - 1, 0);
}
