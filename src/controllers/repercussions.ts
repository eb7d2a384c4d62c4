// SPDX-License-Identifier: Apache-2.0
import { parseObjectKey } from '../kube/resource.ts';
import type { CompiledBackend, PolicyKey } from '../pipelines/definitions.ts';
import { policyKeyText } from '../pipelines/definitions.ts';
import type { Pipelines } from '../pipelines/pipelines.ts';
import type { KeyedQueue } from '../runtime/keyed-queue.ts';
import type { RecordIndex, RecordSummary } from './provenance-record/record-index.ts';
import type { StoreAttempts } from './provenance-record/store-attempts.ts';
import { forgetWitnesses } from './provenance-record/witness-turns.ts';

/** Names all namespaces in the queue of rescans. */
export const EVERYWHERE = '*';
/** Changes that come together (an apply of many manifests) are answered by one rescan. */
const SETTLE_MS = 200;
/** For so long a signer that failed is left alone. */
const FAILING_MS = 5000;
/** Between two records that waited for the same backend. */
const DRAIN_MS = 20;

export interface RepercussionsOptions {
  readonly pipelines: Pipelines;
  readonly records: RecordIndex;
  readonly attempts: StoreAttempts;
  readonly policyQueue: KeyedQueue;
  readonly recordQueue: KeyedQueue;
  /** Namespaces whose runs are to be looked at again. */
  readonly rescanQueue: KeyedQueue;
}

/** What a change of one object means for the others. */
export class Repercussions {
  readonly #options: RepercussionsOptions;
  #isLearning = true;

  constructor(options: RepercussionsOptions) {
    this.#options = options;
  }

  /** From now on runs are watched: a change calls for a second look at them, which their first list made needless. */
  learned(): void {
    this.#isLearning = false;
  }

  /** A policy was made, edited or deleted: other runs are selected, and its records may be signed or retired otherwise. */
  policyChanged(policy: PolicyKey): void {
    this.#options.policyQueue.add(policyKeyText(policy));
    this.#rescan(policy.namespace);
    // It may be mended: what waited for its log, authority or trusted root is tried at once.
    forgetWitnesses(this.#options.attempts, policy, this.#recordsOf(policy));
  }

  /**
   * A policy's key began to work, became another one, or does not work for another reason than before: who waits for it is told, and
   * the policy publishes the key at once. One that fails is looked at in a moment, or a service that fails otherwise each time would be
   * asked without a pause.
   */
  policyKeyChanged(policy: PolicyKey, { isWorking }: { readonly isWorking: boolean }): void {
    this.#recordsOf(policy, ({ isSettled }) => !isSettled);
    if (isWorking) this.#options.policyQueue.add(policyKeyText(policy));
    else this.#options.policyQueue.addAfter(policyKeyText(policy), FAILING_MS);
  }

  /** A backend was made, edited or deleted. */
  backendChanged(kind: CompiledBackend['kind'], namespace: string): void {
    const scope = kind === 'StorageBackend' ? namespace : '';
    this.#policiesIn(scope);
    this.#drain(scope);
    this.#rescan(scope);
  }

  /** A backend became ready, or stopped being so. */
  backendHealthChanged(backend: CompiledBackend, isReady: boolean): void {
    const scope = backend.kind === 'StorageBackend' ? backend.namespace : '';
    this.#policiesIn(scope);
    if (isReady) this.#drain(scope, `${backend.kind}/${backend.name}`);
  }

  /** A namespace got other labels: cluster kinds may reach it now. */
  namespaceChanged(name: string): void {
    this.#rescan(name);
    this.#drain(name);
  }

  #rescan(namespace: string): void {
    if (this.#isLearning) return;
    this.#options.rescanQueue.addAfter(namespace === '' ? EVERYWHERE : namespace, SETTLE_MS);
  }

  #policiesIn(namespace: string): void {
    for (const policy of this.#options.pipelines.policies) {
      // A cluster backend can be in reach of teams' policies too.
      if (namespace === '' || policy.namespace === namespace) this.#options.policyQueue.add(policyKeyText(policy));
    }
  }

  /** Queues the records of a policy. @returns their keys */
  #recordsOf(policy: PolicyKey, isConcerned: (record: RecordSummary) => boolean = () => true): readonly string[] {
    const key = policyKeyText(policy);
    const keys: string[] = [];
    for (const record of this.#options.records.all()) {
      if (record.policy !== undefined && policyKeyText(record.policy) === key && isConcerned(record))
        keys.push(record.key);
    }
    for (const each of keys) this.#options.recordQueue.add(each);
    return keys;
  }

  /** Records that wait for a backend go on one after the other: one that was just mended is not to fall over again. */
  #drain(namespace: string, backendKey?: string): void {
    let waitMs = 0;
    for (const { key, isSettled } of this.#options.records.all()) {
      if (isSettled || (namespace !== '' && parseObjectKey(key).namespace !== namespace)) continue;
      // What another backend asked to wait for still counts.
      if (backendKey === undefined) this.#options.attempts.forget(key);
      else this.#options.attempts.succeeded(key, backendKey);
      this.#options.recordQueue.addAfter(key, waitMs);
      waitMs += DRAIN_MS;
    }
  }
}
