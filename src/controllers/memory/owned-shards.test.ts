// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { shardOf } from '../../runtime/shards/shard.ts';
import { OwnedShards } from './owned-shards.ts';

const shard = shardOf('team-a');

describe('the shards of a replica', () => {
  it('let work of their namespaces begin until they are being given up', () => {
    const shards = new OwnedShards(new ManualClock());
    assert.deepEqual([shards.owns('team-a'), shards.isStandingBy], [false, true]);
    shards.take(shard, false);
    assert.deepEqual([shards.owns('team-a'), shards.owns('team-b'), shards.isLeaving('team-a')], [true, false, false]);
    shards.leave(shard);
    assert.deepEqual([shards.owns('team-a'), shards.isLeaving('team-a'), shards.size], [false, true, 1]);
    shards.drop(shard);
    assert.deepEqual([shards.owns('team-a'), shards.isLeaving('team-a'), shards.size], [false, false, 0]);
    assert.equal(shards.isStandingBy, false);
  });

  it('are uncertain for a minute when another replica worked on them', async () => {
    const clock = new ManualClock();
    const shards = new OwnedShards(clock);
    shards.take(shard, true);
    assert.equal(shards.isUncertain('team-a'), true);
    await clock.advance(60_000);
    assert.equal(shards.isUncertain('team-a'), false);
    shards.take(shard, false);
    assert.equal(shards.isUncertain('team-a'), false);
  });
});
