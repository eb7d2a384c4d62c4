// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { objectField, stringField } from '../../json/fields.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { type Shard, shardOf, SHARDS } from '../../runtime/shards/shard.ts';
import { KubeError } from '../kube-error.ts';
import { ModelApi } from '../model-api.fixture.ts';
import type { ShardHolder } from './shard-holder.ts';
import { ShardLeases } from './shard-leases.ts';

const { signal } = new AbortController();
export const STEP_MS = 100;
/** A namespace of each shard. */
export const namespaces = SHARDS.map((shard) => {
  for (let index = 0; ; index += 1) if (shardOf(`team-${index}`) === shard) return `team-${index}`;
});

/** An API server with replicas. */
export class LeaseCluster {
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
