// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../../runtime/clock.ts';
import { outlasts } from '../../runtime/deadline.ts';
import type { Shard } from '../../runtime/shards/shard.ts';
import type { ShardHolder } from './shard-holder.ts';

export interface WithinLeaseOptions {
  readonly clock: Clock;
  readonly leaseDurationSeconds: number;
  readonly renewDeadlineSeconds: number;
  /** The work of a lost shard goes on although another replica may take it: the process has to end. */
  readonly onOutlasted: (shard: Shard) => void;
}

/** The same work. That of a lost shard must end before the shard's Lease runs out. */
export function withinLease(work: ShardHolder, options: WithinLeaseOptions): ShardHolder {
  const { clock, leaseDurationSeconds, renewDeadlineSeconds, onOutlasted } = options;
  return {
    take: (shard, how) => {
      work.take(shard, how);
    },
    giveUp: (shard) => work.giveUp(shard),
    lose: async (shard) => {
      const ended = work.lose(shard);
      // The replica stopped believing in its Lease at the deadline.
      if (await outlasts(ended, (leaseDurationSeconds - renewDeadlineSeconds) * 1000, clock)) onOutlasted(shard);
      await ended;
    },
  };
}
