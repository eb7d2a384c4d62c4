// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../../runtime/clock.ts';
import type { PolicyKey } from '../../pipelines/policy-key.ts';

/** For how long something that a policy names may be missing before the policy is stalled: an apply brings its objects one by one. */
export const GRACE_SECONDS = 60;

/** One thing that is missing, of one generation of one object. */
export interface Lack {
  readonly uid: string;
  readonly generation: number;
  readonly reason: string;
}

interface Running {
  readonly lack: string;
  readonly endsMs: number;
}

/** Counts the time for which policies have missed something, from when that was first seen. */
export class GracePeriods {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #running = new Map<PolicyKey, Running>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /**
   * Seconds until the grace of a lack is over, 0 when it is. Another lack under the same key begins another period.
   * @param wasOver whether an earlier process saw it end: a restart gives no second grace
   */
  secondsLeft(key: PolicyKey, { uid, generation, reason }: Lack, { wasOver }: { readonly wasOver: boolean }): number {
    const lack = JSON.stringify([uid, generation, reason]);
    const nowMs = this.#clock.monotonicMs();
    const known = this.#running.get(key);
    const endsMs = known?.lack === lack ? known.endsMs : nowMs + (wasOver ? 0 : GRACE_SECONDS * 1000);
    this.#running.set(key, { lack, endsMs });
    return Math.max(0, (endsMs - nowMs) / 1000);
  }

  /** Nothing is missing under this key any more. */
  end(key: PolicyKey): void {
    this.#running.delete(key);
  }
}
