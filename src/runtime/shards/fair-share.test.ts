// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SeededRandom } from '../seeded-random.fixture.ts';
import { fairShare, type HeldShard, type Member } from './fair-share.ts';
import { SHARDS, type Shard } from './shard.ts';

/** Replicas that come and go, and the shards they hold, with the number of times that each moved. */
class Replicas {
  readonly members = new Map<string, Member>();
  readonly moves = new Map<Shard, number>();
  #shards: readonly HeldShard[] = SHARDS.map((shard) => ({ shard, holder: undefined, since: '' }));
  #time = 0;

  /** Each has a name with its generation: `a-1`. */
  joins(id: string): void {
    this.members.set(id, { id, generation: id.split('-')[0] ?? '', joined: this.#now() });
    this.settle();
  }

  leaves(id: string): void {
    this.members.delete(id);
    this.#shards = this.#shards.map((each) => (each.holder === id ? { ...each, holder: undefined } : each));
    this.settle();
  }

  /** Everybody gives up, and takes, what the rule says. */
  settle(): void {
    const assigned = fairShare([...this.members.values()], this.#shards);
    const since = this.#now();
    this.#shards = this.#shards.map((each) => {
      const holder = assigned.get(each.shard);
      if (holder === each.holder) return each;
      this.moves.set(each.shard, (this.moves.get(each.shard) ?? 0) + 1);
      return { shard: each.shard, holder, since };
    });
  }

  get counts(): readonly number[] {
    return [...this.members.keys()].map((id) => this.#shards.filter(({ holder }) => holder === id).length);
  }

  /** The most moves of any shard since the last call. */
  mostMoves(): number {
    const most = Math.max(0, ...this.moves.values());
    this.moves.clear();
    return most;
  }

  #now(): string {
    this.#time += 1;
    return String(this.#time).padStart(6, '0');
  }
}

function replicas(...ids: readonly string[]): Replicas {
  const made = new Replicas();
  for (const id of ids) made.joins(id);
  made.mostMoves();
  return made;
}

describe('the fair share', () => {
  for (const [count, expected] of [
    [1, [16]],
    [2, [8, 8]],
    [3, [6, 5, 5]],
    [5, [4, 3, 3, 3, 3]],
  ] as const) {
    it(`of ${count} replicas is ${expected.join(', ')}`, () => {
      const ids = Array.from({ length: count }, (_, index) => `a-${index}`);
      assert.deepEqual(
        [...replicas(...ids).counts].sort((one, other) => other - one),
        expected,
      );
    });
  }

  it('leaves replicas beyond the number of shards without one', () => {
    const ids = Array.from({ length: 18 }, (_, index) => `a-${index}`);
    assert.equal(replicas(...ids).counts.filter((count) => count === 0).length, 2);
  });

  it('gives no shard away when there is no replica', () => {
    assert.equal(fairShare([], [{ shard: 0, holder: undefined, since: '' }]).size, 0);
  });

  it('moves only the shards of a replica that leaves, and no more than its share to one that joins', () => {
    const three = replicas('a-0', 'a-1', 'a-2');
    three.leaves('a-1');
    assert.ok(three.moves.size <= 6, `${three.moves.size} moved`);
    assert.equal(three.mostMoves(), 1);
    three.joins('a-3');
    assert.equal(three.moves.size, 5);
  });

  it('moves nothing once it is fair', () => {
    const three = replicas('a-0', 'a-1', 'a-2');
    three.settle();
    assert.equal(three.moves.size, 0);
  });

  for (const count of [2, 3, 4]) {
    it(`moves each shard at most twice in a rolling update of ${count} that starts a new replica first`, () => {
      const all = replicas(...Array.from({ length: count }, (_, index) => `a-${index}`));
      for (let index = 0; index < count; index += 1) {
        all.joins(`b-${index}`);
        all.leaves(`a-${index}`);
      }
      assert.ok(all.mostMoves() <= 2);
      assert.ok(Math.max(...all.counts) - Math.min(...all.counts) <= 1);
    });

    it(`moves each shard at most twice in a rolling update of ${count} that ends an old replica first`, () => {
      const all = replicas(...Array.from({ length: count }, (_, index) => `a-${index}`));
      for (let index = 0; index < count; index += 1) {
        all.leaves(`a-${index}`);
        all.joins(`b-${index}`);
      }
      assert.ok(all.mostMoves() <= 2);
      assert.ok(Math.max(...all.counts) - Math.min(...all.counts) <= 1);
    });
  }

  it('is fair after any comings and goings, and never gives a shard to a replica that is gone', () => {
    const random = new SeededRandom(7);
    for (let world = 0; world < 200; world += 1) {
      const all = new Replicas();
      for (let step = 0; step < 30; step += 1) {
        const ids = [...all.members.keys()];
        if (ids.length > 0 && random.chance(0.45)) all.leaves(random.pick(ids));
        else all.joins(`${random.pick(['a', 'b'])}-${world}-${step}`);
        const { counts } = all;
        assert.equal(
          counts.reduce((sum, each) => sum + each, 0),
          all.members.size === 0 ? 0 : SHARDS.length,
        );
      }
      // All of one generation: fair to one.
      for (const id of [...all.members.keys()]) if (id.startsWith('a')) all.leaves(id);
      all.joins('b-last');
      assert.ok(Math.max(...all.counts) - Math.min(...all.counts) <= 1, all.counts.join(' '));
    }
  });
});
