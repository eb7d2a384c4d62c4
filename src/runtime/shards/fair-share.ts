// SPDX-License-Identifier: Apache-2.0
import type { Shard } from './shard.ts';

/** A replica that works. */
export interface Member {
  readonly id: string;
  /** The rollout that it belongs to. */
  readonly generation: string;
  /** The time at which it joined, as a text that sorts by time. */
  readonly joined: string;
}

/** A shard and its present holder. */
export interface HeldShard {
  readonly shard: Shard;
  /** Undefined when the shard is free. */
  readonly holder: string | undefined;
  /** The time at which the holder took it, as a text that sorts by time. */
  readonly since: string;
}

/**
 * Decides the holder of each shard. All members hold as many, give or take one, and keep what they have as far as that allows.
 *
 * Members of an earlier generation are about to go: they are given nothing more while there is one of the latest. A member gives up first
 * what it took last. So a rolling update moves each shard at most twice.
 */
export function fairShare(members: readonly Member[], shards: readonly HeldShard[]): ReadonlyMap<Shard, string> {
  const quotas = quotasOf(members, shards);
  const kept = new Map<Shard, string>();
  for (const { id } of members) {
    const oldestFirst = shards
      .filter(({ holder }) => holder === id)
      .sort((one, other) => compare(one.since, other.since) || one.shard - other.shard);
    for (const { shard } of oldestFirst.slice(0, quotas.get(id) ?? 0)) kept.set(shard, id);
  }
  return withOthers(kept, shards, quotas);
}

/** Gives each shard that no member keeps to the member that has fewest of its share. */
function withOthers(
  kept: ReadonlyMap<Shard, string>,
  shards: readonly HeldShard[],
  quotas: ReadonlyMap<string, number>,
): ReadonlyMap<Shard, string> {
  const result = new Map(kept);
  const room = new Map(quotas);
  for (const id of kept.values()) room.set(id, (room.get(id) ?? 0) - 1);
  const ordered = [...shards].sort((one, other) => one.shard - other.shard);
  for (const { shard } of ordered) {
    if (result.has(shard)) continue;
    const [first] = [...room].sort(([one, roomOne], [other, roomOther]) => roomOther - roomOne || compare(one, other));
    if (first === undefined) return result;
    const [id, left] = first;
    room.set(id, left - 1);
    result.set(shard, id);
  }
  return result;
}

/** The number of shards for each member; together, all shards. */
function quotasOf(members: readonly Member[], shards: readonly HeldShard[]): ReadonlyMap<string, number> {
  const held = (id: string): number => shards.filter(({ holder }) => holder === id).length;
  const latest = latestGeneration(members);
  const isLatest = ({ generation }: Member): boolean => generation === latest;
  // Members of the latest generation come first, and then those that hold more.
  const ranked = [...members].sort(
    (one, other) =>
      Number(isLatest(other)) - Number(isLatest(one)) || held(other.id) - held(one.id) || compare(one.id, other.id),
  );
  const quotas = new Map<string, number>();
  const even = shares(shards.length, ranked.length);
  let left = shards.length;
  for (const [index, member] of ranked.entries()) {
    if (isLatest(member)) continue;
    const quota = Math.min(held(member.id), even[index] ?? 0);
    quotas.set(member.id, quota);
    left -= quota;
  }
  const staying = ranked.filter(isLatest);
  const rest = shares(left, staying.length);
  for (const [index, { id }] of staying.entries()) quotas.set(id, rest[index] ?? 0);
  return quotas;
}

/** The generation of the member that joined last. */
function latestGeneration(members: readonly Member[]): string | undefined {
  const [last] = [...members].sort((one, other) => compare(other.joined, one.joined) || compare(one.id, other.id));
  return last?.generation;
}

/** Divides a number into parts that differ by one at most, larger ones first. */
function shares(sum: number, parts: number): readonly number[] {
  const more = parts === 0 ? 0 : sum % parts;
  return Array.from({ length: parts }, (_, index) => Math.floor(sum / parts) + (index < more ? 1 : 0));
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
