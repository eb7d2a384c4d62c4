// SPDX-License-Identifier: Apache-2.0
import type { Pipelines } from '../../pipelines/pipelines.ts';
import type { KeyedQueue } from '../../runtime/keyed-queue.ts';
import type { RecordDrain } from './record-drain.ts';
import { resyncKey } from './resync-scope.ts';
import { policyKey, type PolicyKey, type PolicyName } from '../../pipelines/policy-key.ts';
import type { BackendName } from '../../pipelines/backend-key.ts';
import type { ResyncKey } from '../shares/controller-queues.ts';

/** Names all namespaces in the queue of rescans. */
export const EVERYWHERE = '*';
/** Changes that come together (an apply of many manifests) are answered by one rescan. */
const SETTLE_MS = 200;
/** For so long a signer that failed is left alone. */
const FAILING_MS = 5000;

export interface ChangePropagationOptions {
  readonly pipelines: Pipelines;
  readonly policyQueue: KeyedQueue<PolicyKey>;
  /** Changes whose records are to be looked at again, as `resyncKey` names them. */
  readonly resyncQueue: KeyedQueue<ResyncKey>;
  /** Namespaces whose runs are to be looked at again. */
  readonly rescanQueue: KeyedQueue;
  readonly drain: RecordDrain;
}

/** What a change of one object means for the others. */
export class ChangePropagation {
  readonly #options: ChangePropagationOptions;
  #isLearning = true;

  constructor(options: ChangePropagationOptions) {
    this.#options = options;
  }

  /** From now on a change calls for a second look at runs and records, which their first lists made needless. */
  learned(): void {
    this.#isLearning = false;
  }

  /** A policy was made, edited or deleted: other runs are selected, and its records may be signed or retired otherwise. */
  policyChanged(policy: PolicyName): void {
    this.#options.policyQueue.add(policyKey(policy));
    this.#rescan(policy.namespace);
    this.#resync(resyncKey.policy(policy));
  }

  /**
   * A policy's key began to work, became another one, or does not work for another reason than before: what waits for it goes on, and
   * the policy publishes the key at once. One that fails is looked at in a moment, or a service that fails otherwise each time would be
   * asked without a pause.
   */
  policyKeyChanged(policy: PolicyName, { isWorking }: { readonly isWorking: boolean }): void {
    this.#resync(resyncKey.signer(policy));
    if (isWorking) this.#options.policyQueue.add(policyKey(policy));
    else this.#options.policyQueue.addAfter(policyKey(policy), FAILING_MS);
  }

  /** A backend was made, edited or deleted. */
  backendChanged(backend: BackendName): void {
    const scope = reachOf(backend);
    this.#policiesIn(scope);
    this.#resync(resyncKey.namespace(scope));
    this.#rescan(scope);
  }

  /** A backend became ready, or stopped being so. */
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

  /** A namespace got other labels: cluster kinds may reach it now. */
  namespaceChanged(name: string): void {
    this.#rescan(name);
    this.#resync(resyncKey.namespace(name));
  }

  /** All runs are known. */
  runsKnown(): void {
    this.#resync(resyncKey.runs);
  }

  #resync(key: ResyncKey): void {
    if (!this.#isLearning) this.#options.resyncQueue.add(key);
  }

  #rescan(namespace: string): void {
    if (this.#isLearning) return;
    this.#options.rescanQueue.addAfter(namespace === '' ? EVERYWHERE : namespace, SETTLE_MS);
  }

  #policiesIn(namespace: string): void {
    for (const policy of this.#options.pipelines.policies) {
      // A cluster backend can be in reach of teams' policies too.
      if (namespace === '' || policy.namespace === namespace) this.#options.policyQueue.add(policyKey(policy));
    }
  }
}

/** The namespace that a backend can be reached from; empty for all. */
function reachOf({ kind, namespace }: BackendName): string {
  return kind === 'StorageBackend' ? namespace : '';
}
