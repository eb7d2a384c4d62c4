// SPDX-License-Identifier: Apache-2.0
import type { Pipelines } from '../../pipelines/pipelines.ts';
import type { KeyedQueue } from '../../runtime/queue/keyed-queue.ts';
import type { RecordDrain } from './record-drain.ts';
import { resyncKey } from './resync-scope.ts';
import { policyKey, type PolicyKey, type PolicyName } from '../../pipelines/policy-key.ts';
import { backendKey, type BackendKey, type BackendName } from '../../pipelines/backend-key.ts';
import { type Shard, shardOf } from '../../runtime/shards/shard.ts';
import type { ResyncKey } from '../shares/controller-queues.ts';

/** Stands for all namespaces in the queue of rescans. */
export const EVERYWHERE = '*';
/** Waits for changes that arrive together, such as an apply of many manifests, and answers them with one rescan. */
const SETTLE_MS = 200;
/** The wait of policies for further changes of backends, for each of them. */
const PER_POLICY_MS = 10;
const MAX_DELAY_MS = 2000;
/** The counts in a ceiling's status may be as old as this. */
const COUNT_MS = 2000;
/** The pause before a failed signer is tried again. */
const FAILING_MS = 5000;

/** A namespace that is full may have room and be full again many times a minute. */
const ROOM_MS = 5000;

/** Teams that keep changing what fills the memory of all do not have the others listed all the time. */
const SHARED_ROOM_MS = 10_000;

export interface ChangePropagationOptions {
  readonly pipelines: Pipelines;
  readonly policyQueue: KeyedQueue<PolicyKey>;
  readonly backendQueue: KeyedQueue<BackendKey>;
  /** Names of ceilings. */
  readonly ceilingQueue: KeyedQueue;
  /** Changes whose records are reconciled again, named by `resyncKey`. */
  readonly resyncQueue: KeyedQueue<ResyncKey>;
  /** Namespaces whose runs are reconciled again. */
  readonly rescanQueue: KeyedQueue;
  readonly drain: RecordDrain;
  /** True when this replica does the work of the namespace. */
  readonly owns: (namespace: string) => boolean;
}

/** Enqueues the objects that a change of another object affects. */
export class ChangePropagation {
  readonly #options: ChangePropagationOptions;
  /** Namespaces of other replicas whose runs a change may concern. */
  readonly #unscanned = new Set<string>();
  #isLearning = true;

  constructor(options: ChangePropagationOptions) {
    this.#options = options;
  }

  /** From now on, a change enqueues runs and records again. Before, their first lists did. */
  learned(): void {
    this.#isLearning = false;
  }

  /** A policy was created, edited or deleted: it selects other runs, and its records may be signed or retired differently. */
  policyChanged(policy: PolicyName): void {
    this.#options.policyQueue.add(policyKey(policy));
    this.#rescan(policy.namespace);
    this.#resync(resyncKey.policy(policy));
    this.#othersCount(policy.namespace);
  }

  /**
   * A policy's key started to work, was replaced, or fails for another reason than before: waiting records continue, and the policy
   * publishes the key at once. After a failure the policy is reconciled with a delay, or a service that fails differently each time would
   * be called without a pause.
   */
  policyKeyChanged(policy: PolicyName, { isWorking }: { readonly isWorking: boolean }): void {
    this.#resync(resyncKey.signer(policy));
    if (isWorking) this.#options.policyQueue.add(policyKey(policy));
    else this.#options.policyQueue.addAfter(policyKey(policy), FAILING_MS);
  }

  /** The operator may annotate the runs of a policy, and some that are stored lack the annotations: it could not before. */
  annotatingAllowed(policy: PolicyName): void {
    this.#resync(resyncKey.annotating(policy));
  }

  /** A backend was created, edited or deleted. */
  backendChanged(backend: BackendName): void {
    const scope = reachOf(backend);
    this.#policiesIn(scope);
    this.#resync(resyncKey.namespace(scope));
    this.#rescan(scope);
    this.#othersCount(scope);
  }

  /** A backend became ready, or not ready. */
  backendHealthChanged(backend: BackendName, isReady: boolean): void {
    this.#policiesIn(reachOf(backend));
    const key = resyncKey.backendHealth(backend);
    if (isReady) {
      this.#resync(key);
      return;
    }
    this.#options.resyncQueue.remove(key);
    this.#options.drain.pause(key);
  }

  /** The labels of a namespace changed: cluster kinds may reach it now. */
  namespaceChanged(name: string): void {
    this.#rescan(name);
    if (this.#options.pipelines.bounds.isEmpty) this.#resync(resyncKey.namespace(name));
    else this.boundsChanged(new Set([name]));
  }

  /** Another namespace gave back memory for policies or backends: those of this one that were left out may have room. */
  definitionsHaveRoom(namespace: string): void {
    if (this.#isLearning) return;
    if (this.#options.owns(namespace)) this.#options.rescanQueue.addAfter(namespace, SHARED_ROOM_MS);
    else this.#unscanned.add(namespace);
  }

  /** A namespace is gone: ceilings bound one less. */
  namespaceRemoved(): void {
    this.#recount();
  }

  /** The ceilings of namespaces changed: policies and backends there may be obeyed now, or not any more. */
  boundsChanged(namespaces: ReadonlySet<string>): void {
    const { pipelines, backendQueue } = this.#options;
    for (const namespace of namespaces) {
      this.#policiesIn(namespace);
      const backends = pipelines.storageBackendsOf(namespace);
      for (const backend of backends) backendQueue.addAfter(backendKey(backend), delayMs(backends.length));
    }
    const [only = '', ...others] = namespaces;
    // One look at all costs less than one at each of many.
    const scope = others.length > 0 ? '' : only;
    if (namespaces.size > 0) {
      this.#resync(resyncKey.bounds(scope));
      this.#rescan(scope);
    }
    this.#recount();
  }

  /** The first run of a namespace waits for room under its ceilings, or none does any more: its policies report that. */
  roomChanged(namespace: string): void {
    const { pipelines, policyQueue } = this.#options;
    for (const policy of pipelines.policiesOf(namespace)) policyQueue.addAfter(policyKey(policy), ROOM_MS);
  }

  /** This replica took a shard. @returns the namespaces of it in which something changed since their runs were listed */
  shardTaken(shard: Shard): ReadonlySet<string> {
    this.#options.resyncQueue.add(resyncKey.shard(shard));
    const changed = new Set([...this.#unscanned].filter((namespace) => shardOf(namespace) === shard));
    for (const namespace of changed) {
      this.#unscanned.delete(namespace);
      this.#options.rescanQueue.add(namespace);
    }
    return changed;
  }

  /** This replica does not know any more which runs of the namespaces are recorded: their shard was another's. */
  shardLeft(namespaces: readonly string[]): void {
    for (const namespace of namespaces) this.#unscanned.add(namespace);
  }

  /** All runs are listed. */
  runsKnown(): void {
    this.#resync(resyncKey.runs);
  }

  /** Where ceilings bound their number, each policy or backend of a namespace matters to the others. */
  #othersCount(namespace: string): void {
    if (namespace !== '' && this.#options.pipelines.bounds.countsIn(namespace))
      this.boundsChanged(new Set([namespace]));
    else this.#recount();
  }

  /** The counts in the status of ceilings may be others. */
  #recount(): void {
    for (const name of this.#options.pipelines.bounds.names) this.#options.ceilingQueue.addAfter(name, COUNT_MS);
  }

  #resync(key: ResyncKey): void {
    if (!this.#isLearning) this.#options.resyncQueue.add(key);
  }

  #rescan(namespace: string): void {
    if (this.#isLearning) return;
    if (namespace !== '' && !this.#options.owns(namespace)) this.#unscanned.add(namespace);
    else this.#options.rescanQueue.addAfter(namespace === '' ? EVERYWHERE : namespace, SETTLE_MS);
  }

  #policiesIn(namespace: string): void {
    const { pipelines, policyQueue } = this.#options;
    // A cluster backend may be in reach of policies in any namespace.
    const policies = namespace === '' ? pipelines.policies : pipelines.policiesOf(namespace);
    for (const policy of policies) policyQueue.addAfter(policyKey(policy), delayMs(policies.length));
  }
}

/** Each of many objects that change together has all of the others looked at: the more there are, the longer they wait for the rest. */
function delayMs(count: number): number {
  return Math.min(count * PER_POLICY_MS, MAX_DELAY_MS);
}

/** The namespace from which a backend can be reached; empty for all. */
function reachOf({ kind, namespace }: BackendName): string {
  return kind === 'StorageBackend' ? namespace : '';
}
