// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../../runtime/clock.ts';
import { type Shard, shardOf } from '../../runtime/shards/shard.ts';

/** Within this time a watch delivers what the earlier holder of a shard wrote last, or restarts and skips it. */
const UNCERTAIN_MS = 60_000;

interface Owned {
  readonly uncertainUntilMs: number;
  /** True while this replica is to give the shard up. */
  isLeaving: boolean;
}

/** The shards whose work this replica does. */
export class OwnedShards {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #shards = new Map<Shard, Owned>();
  #isStandingBy = true;

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#shards.size;
  }

  /** True until the first shard is taken. */
  get isStandingBy(): boolean {
    return this.#isStandingBy;
  }

  /** @param isUncertain another replica may have worked on it a moment ago */
  take(shard: Shard, isUncertain: boolean): void {
    const nowMs = this.#clock.monotonicMs();
    this.#isStandingBy = false;
    this.#shards.set(shard, { uncertainUntilMs: nowMs + (isUncertain ? UNCERTAIN_MS : 0), isLeaving: false });
  }

  /** Begins no more work of the shard. */
  leave(shard: Shard): void {
    const owned = this.#shards.get(shard);
    if (owned !== undefined) owned.isLeaving = true;
  }

  drop(shard: Shard): void {
    this.#shards.delete(shard);
  }

  /** True when work of the namespace may begin; the empty name stands for what belongs to none. */
  owns(namespace: string): boolean {
    return this.#shards.get(shardOf(namespace))?.isLeaving === false;
  }

  /** True when only what no other replica can do may still begin. */
  isLeaving(namespace: string): boolean {
    return this.#shards.get(shardOf(namespace))?.isLeaving === true;
  }

  /** True while the watches may lag behind the last writes of another replica. */
  isUncertain(namespace: string): boolean {
    const owned = this.#shards.get(shardOf(namespace));
    return owned !== undefined && owned.uncertainUntilMs > this.#clock.monotonicMs();
  }
}
