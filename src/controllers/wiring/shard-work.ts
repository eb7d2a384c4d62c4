// SPDX-License-Identifier: Apache-2.0
import type { ShardHolder } from '../../kube/lease/shard-holder.ts';
import { parseBackendKey, type BackendKey } from '../../pipelines/backend-key.ts';
import { parsePolicyKey, type PolicyKey } from '../../pipelines/policy-key.ts';
import { recordsChildren } from '../../pipelines/records-children.ts';
import { namespaceOfRecord, type RecordKey } from '../../records/record-key.ts';
import type { ByteBudgetCache } from '../../runtime/cache/byte-budget-cache.ts';
import type { Clock } from '../../runtime/clock.ts';
import { outlasts } from '../../runtime/deadline.ts';
import { type Shard, shardOf } from '../../runtime/shards/shard.ts';
import { parseRunKey, type RunKey } from '../../tekton/run-key.ts';
import { type RunSummary, summariseRun } from '../../tekton/run-summary.ts';
import { childNoteKey, LEFT_BEHIND } from '../child-notes/child-note-key.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { ObjectStore } from '../memory/object-store.ts';
import type { ChangePropagation } from '../propagation/change-propagation.ts';
import type { RecordDrain } from '../propagation/record-drain.ts';
import type { ControllerQueues } from '../shares/controller-queues.ts';
import type { LastStates } from '../run/last-states.ts';
import type { ShardPart } from './shard-part.ts';

export interface ShardWorkOptions {
  readonly context: Pick<
    ControllerContext,
    'finishNotes' | 'guardedRuns' | 'pipelines' | 'recordRoom' | 'runsOfOthers' | 'shards'
  >;
  readonly clock: Clock;
  readonly queues: ControllerQueues;
  readonly caches: {
    readonly run: ByteBudgetCache<unknown, RunKey>;
    readonly 'provenance-record': Pick<ByteBudgetCache<unknown, RecordKey>, 'keys' | 'release'>;
  };
  readonly lastStates: Pick<LastStates, 'keep'>;
  readonly objects: {
    readonly policies: ObjectStore<PolicyKey>;
    readonly backends: ObjectStore<BackendKey>;
    readonly ceilings: ObjectStore<string>;
  };
  readonly propagation: ChangePropagation;
  readonly drain: RecordDrain;
  /** All namespaces that may have runs. */
  readonly namespaces: () => readonly string[];
  /** The records that a run lacks. */
  readonly missingRecords: (run: RunSummary) => readonly RecordKey[];
  /** The time that running reconciles have to finish when a shard is given up. */
  readonly graceSeconds: number;
}

/** Begins and ends the work of shards. */
export class ShardWork implements ShardHolder {
  readonly #options: ShardWorkOptions;
  readonly #parts: ShardPart[] = [];
  /** Counts how often each shard was taken and lost. */
  readonly #turns = new Map<Shard, number>();

  constructor(options: ShardWorkOptions) {
    this.#options = options;
  }

  /** Adds a controller, which works on the shards too. */
  add(part: ShardPart): void {
    this.#parts.push(part);
  }

  take(shard: Shard, { isUncertain }: { readonly isUncertain: boolean }): void {
    const { context, queues, objects, propagation } = this.#options;
    this.#nextTurn(shard);
    const isFirst = context.shards.size === 0;
    context.shards.take(shard, isUncertain);
    // Each replica that works checks cluster policies and cluster backends.
    const isTaken = (namespace: string): boolean => shardOf(namespace) === shard || (isFirst && namespace === '');
    for (const key of objects.policies.keys())
      if (isTaken(parsePolicyKey(key).namespace)) queues['signing-policy'].add(key);
    for (const key of objects.backends.keys())
      if (isTaken(parseBackendKey(key).namespace)) queues['storage-backend'].add(key);
    if (isTaken('')) for (const name of objects.ceilings.keys()) queues['policy-ceiling'].add(name);
    const changed = propagation.shardTaken(shard);
    for (const { key, last } of context.runsOfOthers.take(shard)) this.#takeRun(key, last);
    for (const key of context.guardedRuns.keys()) {
      const { namespace } = parseRunKey(key);
      if (shardOf(namespace) !== shard) continue;
      // Its policies may hold it no more, or for another time, than when it was delivered.
      if (changed.has(namespace)) context.guardedRuns.setStale(key);
      queues['deletion-guard'].add(key);
    }
    // Another replica may have recorded notes meanwhile.
    context.finishNotes.readAgain((namespace) => shardOf(namespace) === shard);
    for (const parent of context.finishNotes.allRecorded()) {
      if (shardOf(parent.namespace) !== shard) continue;
      queues['child-notes'].add(childNoteKey(parent));
    }
    // PipelineRuns may have ended while no replica worked on the shard.
    if (context.pipelines.policies.some((policy) => recordsChildren(policy))) queues['child-notes'].add(LEFT_BEHIND);
  }

  /** Finishes what runs, and what no other replica can do; aborts the rest when the time is over. */
  async giveUp(shard: Shard): Promise<void> {
    const { context, clock, graceSeconds } = this.#options;
    const turn = this.#turns.get(shard);
    context.shards.leave(shard);
    this.#stop(shard);
    const isSlow = await outlasts(this.#ended(shard), graceSeconds * 1000, clock);
    if (turn !== this.#turns.get(shard)) return;
    if (isSlow) {
      context.shards.drop(shard);
      this.#stop(shard);
      this.#abort(shard, 'the shard is given up');
      await this.#ended(shard);
      if (turn !== this.#turns.get(shard)) return;
    }
    this.#left(shard);
  }

  async lose(shard: Shard): Promise<void> {
    this.#nextTurn(shard);
    this.#options.context.shards.drop(shard);
    this.#stop(shard);
    this.#abort(shard, 'the shard is lost');
    await this.#ended(shard);
    this.#left(shard);
  }

  #nextTurn(shard: Shard): void {
    this.#turns.set(shard, (this.#turns.get(shard) ?? 0) + 1);
  }

  #takeRun(key: RunKey, last: unknown): void {
    const { lastStates, queues } = this.#options;
    if (last === undefined) {
      queues.run.addIdle(key);
      return;
    }
    lastStates.keep(key, last);
    queues.run.add(key);
  }

  /** Takes all keys of the shard out of the queues that they may not enter any more. */
  #stop(shard: Shard): void {
    for (const part of this.#parts) part.removeRefused(shard);
    this.#options.drain.removeNamespaces((namespace) => shardOf(namespace) === shard);
  }

  #abort(shard: Shard, why: string): void {
    for (const part of this.#parts) part.abort(shard, why);
  }

  /** Resolves once no reconcile of the shard is under way, and none waits that has to come first. */
  async #ended(shard: Shard): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.ended(shard)));
  }

  /** From now on, the runs of the shard are others'. */
  #left(shard: Shard): void {
    const { caches, context, namespaces, propagation } = this.#options;
    context.shards.drop(shard);
    // A reconcile that ended may wait for its turn.
    this.#stop(shard);
    for (const key of caches.run.keys()) this.#leaveRun(shard, key);
    // A child that runs again from now on is remembered until its note is read.
    context.finishNotes.readAgain((namespace) => shardOf(namespace) === shard);
    context.recordRoom.forget((namespace) => shardOf(namespace) === shard);
    for (const key of caches['provenance-record'].keys())
      if (shardOf(namespaceOfRecord(key)) === shard) caches['provenance-record'].release(key);
    propagation.shardLeft(namespaces().filter((namespace) => shardOf(namespace) === shard));
  }

  /** A deleted run is kept until its record is seen, whichever replica makes it. */
  #leaveRun(shard: Shard, key: RunKey): void {
    const { caches, context, missingRecords } = this.#options;
    if (shardOf(parseRunKey(key).namespace) !== shard) return;
    const object = caches.run.isIrreplaceable(key) ? caches.run.get(key) : undefined;
    caches.run.release(key);
    const summary = object === undefined ? undefined : summariseRun(object);
    if (summary === undefined) return;
    const missing = missingRecords(summary);
    if (missing.length > 0) context.runsOfOthers.keep(key, missing, object);
  }
}
