// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../../runtime/clock.ts';

/**
 * The time for which what a policy or backend needs from others may be missing before it is stalled: an apply creates its objects one by
 * one.
 */
export const GRACE_SECONDS = 60;

/** A missing object, for one generation of the object that names it. */
export interface Lack {
  readonly uid: string;
  readonly generation: number;
  readonly reason: string;
}

interface Running {
  readonly lack: string;
  readonly endsMs: number;
}

/** Measures how long policies or backends have missed something. */
export class GracePeriods<Key extends string> {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #running = new Map<Key, Running>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /**
   * Seconds until the grace ends, 0 when it has. Another lack under the same key starts another period. @param wasOver true when an earlier
   * process saw it end: a restart gives no second grace
   */
  secondsLeft(key: Key, { uid, generation, reason }: Lack, { wasOver }: { readonly wasOver: boolean }): number {
    const lack = JSON.stringify([uid, generation, reason]);
    const nowMs = this.#clock.monotonicMs();
    const running = this.#running.get(key);
    const endsMs = running?.lack === lack ? running.endsMs : nowMs + (wasOver ? 0 : GRACE_SECONDS * 1000);
    this.#running.set(key, { lack, endsMs });
    return Math.max(0, (endsMs - nowMs) / 1000);
  }

  /** Nothing is missing under this key any more. */
  end(key: Key): void {
    this.#running.delete(key);
  }
}
