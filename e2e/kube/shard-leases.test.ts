// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { ShardLeases } from '../../src/kube/lease/shard-leases.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { type Shard, shardOf } from '../../src/runtime/shards/shard.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { KubeBed, unhurried } from './kube-bed.ts';

describe('shards on a real API server', () => {
  let bed: KubeBed;

  before(async () => {
    bed = await KubeBed.start('shards');
  });
  after(async () => {
    await bed.stop();
  });

  it('are shared by two replicas, and pass to the other one when a replica stops', async (t) => {
    const first = replica(t, bed, 'shared');
    await waitUntil('the first holds all', () => first.leases.count === 16);
    const second = replica(t, bed, 'shared');
    await waitUntil('both hold their share', () => first.leases.count === 8 && second.leases.count === 8);
    assert.deepEqual(first.lost, []);
    await first.leases.stop();
    await waitUntil('the second holds all', () => second.leases.count === 16);
    assert.equal(first.leases.holds('team-a'), false);
    assert.equal(second.leases.holds('team-a'), true);
  });

  it('are lost one by one when another client writes a Lease', async (t) => {
    const { leases, lost } = replica(t, bed, 'stolen');
    await waitUntil('all are held', () => leases.count === 16);
    const shard = shardOf('team-a');
    const patch = '{"spec":{"holderIdentity":"thief_1"}}';
    await bed.plane.kubectl(['patch', 'lease', `stolen-shard-${shard}`, '--type=merge', '-p', patch]);
    await waitUntil('the loss is noticed', () => lost.length === 1);
    assert.deepEqual(lost, [shard]);
    assert.deepEqual([leases.holds('team-a'), leases.count], [false, 15]);
  });

  it('are all lost when the slot of the replica is taken, and taken back', async (t) => {
    const { leases, lost } = replica(t, bed, 'robbed');
    await waitUntil('all are held', () => leases.count === 16);
    const patch = '{"spec":{"holderIdentity":"","leaseDurationSeconds":1}}';
    await bed.plane.kubectl(['patch', 'lease', 'robbed-member-0', '--type=merge', '-p', patch]);
    await waitUntil('the loss is noticed', () => lost.length === 16);
    await waitUntil('all are held again', () => leases.count === 16);
  });
});

function replica(t: TestContext, bed: KubeBed, leaseName: string) {
  const lost: Shard[] = [];
  const { client } = bed.client();
  const leases = new ShardLeases({
    ...{ client, clock: systemClock, namespace: 'default', instance: 'hallmark-0', leaseName },
    ...{ leaseDurationSeconds: 10, renewDeadlineSeconds: 9, retryPeriodSeconds: 0.5 },
    isLeaving: () => false,
    onFailure: () => undefined,
  });
  t.after(() => leases.stop());
  void leases.look(unhurried).then(() => {
    leases.start({
      take: () => undefined,
      giveUp: () => Promise.resolve(),
      lose: (shard) => {
        lost.push(shard);
        return Promise.resolve();
      },
    });
  });
  return { leases, lost };
}
