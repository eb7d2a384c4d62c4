// SPDX-License-Identifier: Apache-2.0
import type { Shard } from '../../runtime/shards/shard.ts';

/** Does the work of the shards that this replica holds. */
export interface ShardHolder {
  /** Begins the work of a shard. `isUncertain`: another replica may have worked on it a moment ago. */
  take(shard: Shard, how: { readonly isUncertain: boolean }): void;
  /** Ends the work of a shard in good order. Resolves once nothing of it goes on. */
  giveUp(shard: Shard): Promise<void>;
  /** Ends the work of a shard at once: its lease is lost. Resolves once nothing of it goes on. */
  lose(shard: Shard): Promise<void>;
}

/** The shards that this replica holds. */
export interface HeldShards {
  /** Reads the Leases, before anything else is read. */
  look(signal: AbortSignal): Promise<void>;
  /** Takes this replica's share of the shards from now on. */
  start(holder: ShardHolder): void;
  /** True while this replica may write for a namespace; the empty name stands for what belongs to none. */
  holds(namespace: string): boolean;
  /** The number of shards that this replica holds. */
  readonly count: number;
  /** Gives everything up, once nothing goes on any more. */
  stop(): Promise<void>;
}
