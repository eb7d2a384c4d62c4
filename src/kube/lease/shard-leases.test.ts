// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { objectField } from '../../json/fields.ts';
import { type Shard, SHARDS } from '../../runtime/shards/shard.ts';
import { LeaseCluster, namespaces, STEP_MS } from './lease-cluster.fixture.ts';
import { playClustersInThread } from './lease-thread.fixture.ts';
import { SoleReplica } from './sole-replica.ts';

describe('the shards', () => {
  let cluster: LeaseCluster;
  beforeEach(() => {
    cluster = new LeaseCluster();
  });

  it('all belong to the only replica, at once', async () => {
    const one = cluster.replica('a-1');
    await cluster.pass(500);
    assert.equal(one.leases.count, 16);
    assert.equal(one.working.size, 16);
    assert.ok(namespaces.every((namespace) => one.leases.holds(namespace)));
  });

  it('are shared with a replica that joins, each only once its work has ended', async () => {
    const one = cluster.replica('a-1');
    await cluster.pass(500);
    one.holdsOn = true;
    const two = cluster.replica('a-2');
    await cluster.pass(20_000);
    assert.deepEqual([one.leases.count, two.leases.count], [16, 0]);
    one.letGo();
    await cluster.pass(5_000);
    assert.deepEqual([one.leases.count, two.leases.count, one.lost], [8, 8, []]);
  });

  it('pass to the others in moments when a replica stops in good order', async () => {
    const [one, two] = [cluster.replica('a-1'), cluster.replica('a-2')];
    await cluster.pass(15_000);
    await cluster.stop(one);
    await cluster.pass(3_000);
    assert.equal(two.leases.count, 16);
  });

  it('pass to the others one lease time after a crash', async () => {
    const [one, two] = [cluster.replica('a-1'), cluster.replica('a-2')];
    await cluster.pass(15_000);
    one.crash();
    const beganMs = cluster.clock.monotonicMs();
    while (two.leases.count < 16) await cluster.pass(STEP_MS);
    const tookMs = cluster.clock.monotonicMs() - beganMs;
    assert.ok(tookMs > 10_000 && tookMs < 20_000, `${tookMs} ms`);
  });

  it('are lost by a replica that cannot renew before another may take them, and taken back when it can', async () => {
    const [one, two] = [cluster.replica('a-1'), cluster.replica('a-2')];
    await cluster.pass(15_000);
    one.isCut = true;
    await cluster.pass(10_500);
    assert.deepEqual([one.leases.count, one.lost.length, two.leases.count], [0, 8, 8]);
    await cluster.pass(10_000);
    assert.equal(two.leases.count, 16);
    one.isCut = false;
    await cluster.pass(15_000);
    assert.deepEqual([one.leases.count, two.leases.count], [8, 8]);
  });

  it('are lost one by one when another client writes itself into a Lease', async () => {
    const one = cluster.replica('a-1');
    await cluster.pass(500);
    cluster.api.rewrite('leases', (lease) => {
      const [metadata, spec] = [objectField(lease, 'metadata'), objectField(lease, 'spec')];
      if (metadata['name'] !== 'hallmark-shard-3') return lease;
      return {
        ...lease,
        metadata: { ...metadata, resourceVersion: '99999' },
        spec: { ...spec, holderIdentity: 'x_y' },
      };
    });
    await cluster.pass(3_000);
    assert.deepEqual([one.lost, one.leases.count], [[3], 15]);
    await cluster.pass(30_000);
    assert.equal(one.leases.count, 16, 'the thief has no slot, so the shard comes back');
  });

  it('stay with one replica each when an administrator deletes every Lease', async () => {
    const [one, two] = [cluster.replica('a-1'), cluster.replica('a-2')];
    await cluster.pass(15_000);
    await cluster.deleteLeases();
    await cluster.pass(40_000);
    assert.deepEqual([one.leases.count, two.leases.count], [8, 8]);
  });

  it('are given up by a replica that is blind, unless it is alone', async () => {
    const [one, two] = [cluster.replica('a-1'), cluster.replica('a-2')];
    await cluster.pass(15_000);
    one.isBlind = true;
    await cluster.pass(10_000);
    assert.deepEqual([one.leases.count, two.leases.count, one.lost], [0, 16, []]);
    two.crash();
    await cluster.pass(25_000);
    assert.equal(one.leases.count, 16);
  });

  it('are uncertain only where another replica may have worked on them since the look', async () => {
    const one = cluster.replica('a-1');
    await cluster.pass(500);
    assert.equal(one.uncertain.size, 0);
    const two = cluster.replica('a-2');
    await cluster.pass(10_000);
    assert.equal(two.uncertain.size, 8);
    await cluster.stop(two);
    await cluster.pass(5_000);
    assert.equal(one.uncertain.size, 8);
    await cluster.stop(one);
    const three = cluster.replica('a-3');
    await cluster.pass(500);
    assert.deepEqual([three.leases.count, three.uncertain.size], [16, 0]);
  });

  it('cost each replica one read and one write in a period', async () => {
    cluster.replica('a-1');
    cluster.replica('a-2');
    await cluster.pass(20_000);
    cluster.api.requests.length = 0;
    await cluster.pass(22_000);
    const [reads, writes] = ['list', 'update'].map((verb) => cluster.api.count(`${verb} leases.coordination.k8s.io`));
    assert.ok((reads ?? 0) <= 22 && (writes ?? 0) <= 23, `${reads} reads, ${writes} writes`);
    assert.ok(cluster.api.requests.length <= 46, cluster.api.requests.join('\n'));
  });

  it('all belong to a replica without election, without a Lease', () => {
    const taken: Shard[] = [];
    const sole = new SoleReplica();
    sole.start({ take: (shard) => taken.push(shard), giveUp: nothing, lose: nothing });
    assert.deepEqual([taken, sole.holds(), sole.count], [SHARDS, true, 16]);
  });

  it('never have two holders, and always find one, whatever is cut, slow, stopped or started', async () => {
    assert.equal(await playClustersInThread(10), 10);
  });
});

const nothing = (): Promise<void> => Promise.resolve();
