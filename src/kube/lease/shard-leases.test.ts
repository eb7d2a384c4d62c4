// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { objectField, stringField } from '../../json/fields.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { SeededRandom } from '../../runtime/seeded-random.fixture.ts';
import { type Shard, shardOf, SHARDS } from '../../runtime/shards/shard.ts';
import { KubeError } from '../kube-error.ts';
import { ModelApi } from '../model-api.fixture.ts';
import type { ShardHolder } from './shard-holder.ts';
import { ShardLeases } from './shard-leases.ts';
import { SoleReplica } from './sole-replica.ts';

const { signal } = new AbortController();
const STEP_MS = 100;
/** A namespace of each shard. */
const namespaces = SHARDS.map((shard) => {
  for (let index = 0; ; index += 1) if (shardOf(`team-${index}`) === shard) return `team-${index}`;
});

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
    for (let seed = 1; seed <= 10; seed += 1) await playRandom(seed);
  });
});

async function playRandom(seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  const cluster = new LeaseCluster(random.next);
  let born = 0;
  const bear = (): void => {
    born += 1;
    cluster.replica(`${random.pick(['a', 'b'])}-${born}`);
  };
  for (let index = 0; index < 3; index += 1) bear();
  for (let elapsedMs = 0; elapsedMs < 120_000; elapsedMs += STEP_MS) {
    if (random.chance(0.03)) {
      const one = random.pick(cluster.replicas);
      const what = random.pick(['cut', 'slow', 'crash', 'stop', 'blind', 'healed'] as const);
      if (what === 'cut') one.isCut = true;
      if (what === 'slow') one.slowMs = random.between(500, 9_000);
      if (what === 'blind') one.isBlind = true;
      if (what === 'healed') one.heal();
      if (what === 'crash') one.crash();
      if (what === 'stop') void cluster.stop(one);
      if (what === 'crash' || what === 'stop') bear();
    }
    await cluster.pass(STEP_MS);
  }
  for (const one of cluster.replicas) one.heal();
  await cluster.pass(90_000);
  const counts = cluster.replicas.filter(({ isOver }) => !isOver).map(({ leases }) => leases.count);
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    16,
    `seed ${seed}: ${counts.join(' ')}`,
  );
}

const nothing = (): Promise<void> => Promise.resolve();

/** An API server with replicas. */
class LeaseCluster {
  readonly clock = new ManualClock();
  readonly api = new ModelApi(this.clock);
  readonly replicas: Replica[] = [];
  readonly #random: () => number;

  constructor(random = () => 0.5) {
    this.#random = random;
  }

  replica(name: string): Replica {
    const made = new Replica(name, this, this.#random);
    this.replicas.push(made);
    return made;
  }

  async stop(replica: Replica): Promise<void> {
    if (replica.isOver) return;
    replica.isOver = true;
    await replica.leases.stop();
  }

  async deleteLeases(): Promise<void> {
    const leases = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease', namespaced: true };
    for (const lease of this.api.objects('leases')) {
      const name = stringField(objectField(lease, 'metadata'), 'name') ?? '';
      await this.api.client.delete({ ...leases, parse: () => undefined }, { namespace: 'hallmark', name }, { signal });
    }
  }

  /** Lets time pass, and looks at every step that no shard has two holders. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= STEP_MS) {
      await this.clock.advance(Math.min(STEP_MS, left));
      for (const namespace of namespaces) {
        const holders = this.replicas.filter(({ leases }) => leases.holds(namespace));
        assert.ok(holders.length <= 1, `${namespace} has ${holders.length} holders`);
      }
    }
  }
}

class Replica implements ShardHolder {
  readonly leases: ShardLeases;
  readonly working = new Set<Shard>();
  readonly uncertain = new Set<Shard>();
  readonly lost: Shard[] = [];
  isOver = false;
  isCut = false;
  isBlind = false;
  slowMs = 0;
  /** Its work does not end when it is asked to. */
  holdsOn = false;
  #letGo: (() => void)[] = [];

  constructor(instance: string, { api, clock }: LeaseCluster, random: () => number) {
    const { client } = api;
    const guarded = async <T>(call: () => Promise<T>): Promise<T> => {
      this.#failIfCut();
      if (this.slowMs > 0) await clock.sleep(this.slowMs / 2);
      const answer = await call();
      if (this.slowMs > 0) await clock.sleep(this.slowMs / 2);
      this.#failIfCut();
      return answer;
    };
    this.leases = new ShardLeases({
      client: {
        find: (...call) => guarded(() => client.find(...call)),
        create: (...call) => guarded(() => client.create(...call)),
        replace: (...call) => guarded(() => client.replace(...call)),
        listAll: (...call) => guarded(() => client.listAll(...call)),
      },
      ...{ clock, namespace: 'hallmark', instance, leaseName: 'hallmark', random },
      ...{ leaseDurationSeconds: 15, renewDeadlineSeconds: 10, retryPeriodSeconds: 2 },
      isLeaving: () => this.isBlind,
      onFailure: () => undefined,
    });
    void this.leases.look(signal).then(() => {
      if (!this.isOver) this.leases.start(this);
    });
  }

  #failIfCut(): void {
    if (this.isCut) throw new KubeError({ status: 0, reason: 'Unreachable', message: 'connection refused' });
  }

  take(shard: Shard, { isUncertain }: { readonly isUncertain: boolean }): void {
    assert.ok(!this.working.has(shard), `${shard} is taken twice`);
    this.working.add(shard);
    if (isUncertain) this.uncertain.add(shard);
  }

  async giveUp(shard: Shard): Promise<void> {
    if (this.holdsOn) await new Promise<void>((resolve) => this.#letGo.push(resolve));
    this.working.delete(shard);
  }

  lose(shard: Shard): Promise<void> {
    this.lost.push(shard);
    this.working.delete(shard);
    return Promise.resolve();
  }

  letGo(): void {
    this.holdsOn = false;
    for (const resolve of this.#letGo.splice(0)) resolve();
  }

  heal(): void {
    this.isBlind = false;
    if (this.isOver) return;
    this.isCut = false;
    this.slowMs = 0;
  }

  /** Nothing that it sends arrives any more. */
  crash(): void {
    this.isCut = true;
    this.isOver = true;
  }
}
