// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../runtime/clock.ts';
import { fairShare, type Member } from '../../runtime/shards/fair-share.ts';
import { type Shard, shardOf, SHARDS } from '../../runtime/shards/shard.ts';
import type { KubeClient } from '../kube-client.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../kube-error.ts';
import { Lease } from './lease.ts';
import { LEASES, type LeaseRecord } from './lease-record.ts';
import { claimedLease, type LeaseObject, releasedLease } from './lease-object.ts';
import { ObservedLeases } from './observed-leases.ts';
import type { HeldShards, ShardHolder } from './shard-holder.ts';

export interface ShardLeasesOptions {
  readonly client: Pick<KubeClient, 'find' | 'create' | 'replace' | 'listAll'>;
  readonly clock: Clock;
  /** The namespace of the Leases. */
  readonly namespace: string;
  /** The pod's name, which begins with that of its ReplicaSet; each life of the process adds something of its own. */
  readonly instance: string;
  /** Begins the names of the Leases. */
  readonly leaseName: string;
  readonly leaseDurationSeconds: number;
  readonly renewDeadlineSeconds: number;
  readonly retryPeriodSeconds: number;
  /** True while others are to do its work: it does not learn what happens in the cluster, or stops. */
  readonly isLeaving: () => boolean;
  readonly onFailure: (error: unknown) => void;
  readonly random?: () => number;
}

type HeldState = 'Held' | 'Leaving';

/** More replicas than shards have nothing to do. */
const slotsOf = (leaseName: string): readonly string[] => SHARDS.map((index) => `${leaseName}-member-${index}`);

/**
 * Holds this replica's share of the shards. A replica that works holds one Lease of its own, its slot, which it renews, and names itself in
 * the Lease of each shard that it takes: so the writes do not grow with the shards. A slot that ran out is emptied before another replica takes
 * the shards of its holder, which can then not renew it any more.
 */
export class ShardLeases implements HeldShards {
  readonly #options: ShardLeasesOptions;
  readonly #identity: string;
  readonly #seen: ObservedLeases;
  readonly #stopped = new AbortController();
  readonly #held = new Map<Shard, HeldState>();
  /** Shards whose work has to end first, after their lease was lost. */
  readonly #ending = new Set<Shard>();
  /** The versions of free Leases, from before anything else was read or after this replica gave them up. */
  readonly #freeVersions = new Map<Shard, string>();
  #hasLooked = false;
  #holder: ShardHolder | undefined;
  #slot: { readonly name: string; readonly lease: Lease } | undefined;
  /** Counts how often everything was lost. */
  #losses = 0;
  #pause = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: ShardLeasesOptions) {
    const { clock, leaseName, leaseDurationSeconds, instance } = options;
    this.#options = options;
    this.#identity = `${instance}_${randomUUID()}`;
    this.#seen = new ObservedLeases({ clock, leaseDurationSeconds, slots: slotsOf(leaseName) });
  }

  get count(): number {
    return this.#isMember ? this.#held.size : 0;
  }

  holds(namespace: string): boolean {
    return this.#isMember && this.#held.has(shardOf(namespace));
  }

  async look(signal: AbortSignal): Promise<void> {
    try {
      await this.#list(signal);
      for (const shard of SHARDS) {
        const record = this.#seen.get(this.#nameOf(shard));
        if (record === undefined || record.holder === '') this.#freeVersions.set(shard, record?.resourceVersion ?? '');
      }
      this.#hasLooked = true;
    } catch (error) {
      signal.throwIfAborted();
      this.#options.onFailure(error);
    }
  }

  start(holder: ShardHolder): void {
    if (this.#running !== undefined) throw new Error('the shards were started twice');
    this.#holder = holder;
    this.#running = this.#run(this.#stopped.signal);
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error('the shards are being given up'));
    await this.#running;
    const mine = this.#isMember ? [...this.#held.keys()] : [];
    this.#held.clear();
    await Promise.all(mine.map((shard) => this.#release(shard)));
    await this.#slot?.lease.stop();
  }

  get #isMember(): boolean {
    return this.#slot?.lease.held() === true;
  }

  async #run(stop: AbortSignal): Promise<void> {
    const { clock, retryPeriodSeconds, random = Math.random, onFailure } = this.#options;
    while (!stop.aborted) {
      this.#pause = new AbortController();
      await this.#tick(stop).catch((error: unknown) => {
        if (!stop.aborted) onFailure(error);
      });
      const pauseMs = retryPeriodSeconds * 1000 * (1 + 0.2 * random());
      const wake = AbortSignal.any([stop, this.#pause.signal]);
      await clock.sleep(pauseMs, wake).catch(() => undefined); // stopped, or there is news
    }
  }

  async #tick(stop: AbortSignal): Promise<void> {
    await this.#list(stop);
    this.#noteStolen();
    if (!this.#isMember) {
      await this.#join();
      return;
    }
    // Another client wrote it: the next renewal fails.
    if (this.#seen.get(this.#slot?.name ?? '')?.holder !== this.#identity) {
      this.#loseAll();
      return;
    }
    await this.#emptySlots(stop);
    await this.#share(stop);
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, namespace, leaseName, renewDeadlineSeconds } = this.#options;
    const options = { namespace, signal, timeoutMs: renewDeadlineSeconds * 1000 };
    const leases = await client.listAll(LEASES, options);
    this.#seen.see(leases.filter(({ name }) => name.startsWith(`${leaseName}-`)));
  }

  /** Another client wrote itself into the Lease of a shard. */
  #noteStolen(): void {
    for (const shard of this.#held.keys())
      if (this.#seen.get(this.#nameOf(shard))?.holder !== this.#identity) this.#lose(shard);
  }

  /** Takes a free slot, and waits for its Lease. */
  async #join(): Promise<void> {
    const { isLeaving } = this.#options;
    const others = this.#seen.heldSlots.filter((slot) => slot.holder !== this.#identity);
    const isAlone = others.every((slot) => this.#seen.hasRunOut(slot));
    if (isLeaving() && !isAlone) return;
    const taken = this.#slot === undefined ? undefined : this.#seen.get(this.#slot.name)?.holder;
    const isWaiting = this.#slot !== undefined && (taken === undefined || taken === '' || taken === this.#identity);
    if (isWaiting) return;
    await this.#slot?.lease.stop();
    this.#slot = undefined;
    const name = this.#seen.freeSlot();
    if (name !== undefined) this.#takeSlot(name);
  }

  #takeSlot(name: string): void {
    const { onFailure } = this.#options;
    const lease = new Lease({
      ...this.#options,
      name,
      identity: this.#identity,
      observer: {
        acquired: () => {
          this.#pause.abort();
        },
        lost: () => {
          this.#loseAll();
        },
        failed: onFailure,
      },
    });
    this.#slot = { name, lease };
    lease.start();
  }

  /** Empties the slots that ran out. From then on, their holders cannot renew them: what they held is free. */
  async #emptySlots(signal: AbortSignal): Promise<void> {
    const silent = this.#seen.heldSlots.filter((slot) => slot.holder !== this.#identity && this.#seen.hasRunOut(slot));
    await Promise.all(silent.map((slot) => this.#write(this.#released(slot), signal)));
  }

  async #share(signal: AbortSignal): Promise<void> {
    const members = this.#members();
    const isLeaving = this.#options.isLeaving() && members.length > 1;
    if (isLeaving && this.#held.size === 0) {
      await this.#slot?.lease.stop();
      this.#slot = undefined;
      return;
    }
    const assigned = fairShare(
      members,
      SHARDS.map((shard) => {
        const name = this.#nameOf(shard);
        return { shard, holder: this.#seen.holderOf(name), since: this.#seen.get(name)?.acquireTime ?? '' };
      }),
    );
    const moves = SHARDS.map((shard) =>
      this.#move(shard, !isLeaving && assigned.get(shard) === this.#identity, signal),
    );
    await Promise.all(moves);
  }

  #members(): readonly Member[] {
    return this.#seen.heldSlots
      .filter((slot) => slot.holder === this.#identity || !this.#seen.hasRunOut(slot))
      .map(({ holder, acquireTime }) => ({ id: holder, generation: generationOf(holder), joined: acquireTime }));
  }

  /** Goes one step towards holding a shard, or not. */
  async #move(shard: Shard, isWanted: boolean, signal: AbortSignal): Promise<void> {
    const holder = this.#seen.holderOf(this.#nameOf(shard));
    const state = this.#held.get(shard);
    if (state === 'Held' && !isWanted) this.#giveUp(shard);
    if (state !== undefined || this.#ending.has(shard)) return;
    if (isWanted && (holder === undefined || holder === this.#identity)) await this.#claim(shard, signal);
    // Lost and not wanted back.
    else if (holder === this.#identity) await this.#release(shard);
  }

  async #claim(shard: Shard, signal: AbortSignal): Promise<void> {
    const { clock, leaseDurationSeconds } = this.#options;
    const before = this.#seen.get(this.#nameOf(shard));
    const losses = this.#losses;
    const claim = { identity: this.#identity, leaseDurationSeconds, now: clock.now() };
    const written = await this.#write(claimedLease(this.#target(this.#nameOf(shard)), before, claim), signal);
    // Lost meanwhile: the next look finds our name in it.
    if (written === undefined || losses !== this.#losses || !this.#isMember) return;
    const isUncertain = !this.#hasLooked || this.#freeVersions.get(shard) !== (before?.resourceVersion ?? '');
    this.#held.set(shard, 'Held');
    this.#holder?.take(shard, { isUncertain });
  }

  #giveUp(shard: Shard): void {
    this.#held.set(shard, 'Leaving');
    const leave = async (): Promise<void> => {
      await this.#holder?.giveUp(shard);
      // Lost meanwhile.
      if (this.#held.get(shard) !== 'Leaving') return;
      this.#held.delete(shard);
      await this.#release(shard);
    };
    leave().catch(this.#options.onFailure);
  }

  #loseAll(): void {
    this.#losses += 1;
    for (const shard of this.#held.keys()) this.#lose(shard);
  }

  #lose(shard: Shard): void {
    this.#held.delete(shard);
    this.#ending.add(shard);
    const end = async (): Promise<void> => {
      await this.#holder?.lose(shard);
      this.#ending.delete(shard);
    };
    end().catch(this.#options.onFailure);
  }

  /** Takes our name out of the Lease of a shard of which nothing goes on. */
  async #release(shard: Shard): Promise<void> {
    const name = this.#nameOf(shard);
    const record = this.#seen.get(name);
    if (record?.holder !== this.#identity) return;
    const written = await this.#write(this.#released(record), new AbortController().signal);
    if (written !== undefined) this.#freeVersions.set(shard, written.resourceVersion);
  }

  /** @returns undefined when another replica was faster, or the API server did not answer */
  async #write(object: LeaseObject, signal: AbortSignal): Promise<LeaseRecord | undefined> {
    const { client, renewDeadlineSeconds, onFailure } = this.#options;
    const call = { signal, timeoutMs: renewDeadlineSeconds * 1000 };
    const isNew = object.metadata.resourceVersion === undefined;
    try {
      const written = await (isNew ? client.create(LEASES, object, call) : client.replace(LEASES, object, call));
      this.#seen.note(written);
      return written;
    } catch (error) {
      if (!isConflict(error) && !isAlreadyExists(error) && !isNotFound(error) && !signal.aborted) onFailure(error);
      return undefined;
    }
  }

  #released(record: LeaseRecord): LeaseObject {
    return releasedLease(this.#target(record.name), record, this.#options.clock.now());
  }

  #nameOf(shard: Shard): string {
    return `${this.#options.leaseName}-shard-${shard}`;
  }

  #target(name: string): { readonly namespace: string; readonly name: string } {
    return { namespace: this.#options.namespace, name };
  }
}

/** The name of the ReplicaSet: `hallmark-5d4f` of the pod `hallmark-5d4f-x2x4z`. */
function generationOf(identity: string): string {
  const pod = identity.slice(0, Math.max(0, identity.lastIndexOf('_')));
  return pod.slice(0, Math.max(0, pod.lastIndexOf('-')));
}
