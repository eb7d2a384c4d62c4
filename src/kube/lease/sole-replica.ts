// SPDX-License-Identifier: Apache-2.0
import { SHARDS } from '../../runtime/shards/shard.ts';
import type { HeldShards, ShardHolder } from './shard-holder.ts';

/** Holds all shards from the start to the end, without a Lease: for an installation that never has more than one replica. */
export class SoleReplica implements HeldShards {
  readonly count = SHARDS.length;

  look(): Promise<void> {
    return Promise.resolve();
  }

  start(holder: ShardHolder): void {
    for (const shard of SHARDS) holder.take(shard, { isUncertain: false });
  }

  holds(): boolean {
    return true;
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}
