// SPDX-License-Identifier: Apache-2.0
import { fnvHash } from './fnv-hash.ts';

/** One of the parts into which namespaces are divided: 0 to 15. */
export type Shard = number;

/** All replicas must agree on it: a change needs all of them down at once. */
const SHARD_COUNT = 16;

export const SHARDS: readonly Shard[] = Array.from({ length: SHARD_COUNT }, (_, shard) => shard);

/**
 * The shard of a namespace. All bits of the hash are folded into it: the highest bits alone would put `team-1` to `team-99` into one shard.
 * The empty name stands for what belongs to no namespace.
 */
export function shardOf(namespace: string): Shard {
  const { high, low } = fnvHash(namespace);
  let folded = high ^ low;
  for (const bits of [16, 8, 4]) folded ^= folded >>> bits;
  return folded & (SHARD_COUNT - 1);
}
