// SPDX-License-Identifier: Apache-2.0
import type { OperatorConfiguration } from '../config/operator-configuration.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { ListWatchObserver } from '../kube/list-watch-options.ts';
import { exponentialBackoff } from '../runtime/backoff.ts';
import { ByteBudgetCache } from '../runtime/byte-budget-cache.ts';
import type { Clock } from '../runtime/clock.ts';
import { Controller, type ReconcileResult } from '../runtime/controller.ts';
import type { QueueObserver } from '../runtime/keyed-queue.ts';
import { WorkerLanes } from '../runtime/worker-lanes.ts';
import type { ControllerContext } from './controller-context.ts';
import type { ControllerHost } from './controller-host.ts';
import {
  type ControllerName,
  type ControllerQueues,
  controllerQueues,
  type TenantController,
} from './controller-queues.ts';
import { ControllerWatches } from './controller-watches.ts';
import { ObjectStore } from './object-store.ts';
import { RecordReconciler } from './provenance-record/record-reconciler.ts';
import { VerificationReconciler } from './provenance-record/verification-reconciler.ts';
import { StoreAttempts } from './provenance-record/store-attempts.ts';
import { EVERYWHERE, Repercussions } from './repercussions.ts';
import { RunReconciler } from './run/run-reconciler.ts';
import { PolicyReconciler } from './signing-policy/policy-reconciler.ts';
import { BackendReconciler } from './storage-backend/backend-reconciler.ts';

/** What the objects of queued runs, and those of queued records, may take in memory each. */
const CACHE_BYTES = 32 * 1024 * 1024;
const FEW = 4;
/** Probes that wait for servers which do not answer must not keep those of the others waiting. */
const PROBES = 32;

export interface ControllersOptions {
  readonly context: ControllerContext;
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly configuration: OperatorConfiguration;
  readonly host: ControllerHost;
  readonly onResult: (result: ReconcileResult) => void;
  readonly watchObserver: ListWatchObserver;
  readonly queueObserver: (controller: string) => QueueObserver;
  readonly onController: (controller: Controller) => void;
  /** Spreads retries and looks, 0 to 1; `Math.random` when absent. */
  readonly random?: () => number;
}

/** All controllers of the operator with the watches that feed them. Made when the process begins to lead. */
export class Controllers {
  readonly #options: ControllersOptions;
  readonly #context: ControllerContext;
  readonly #queues: ControllerQueues;
  readonly #caches = {
    run: new ByteBudgetCache<unknown>(CACHE_BYTES),
    'provenance-record': new ByteBudgetCache<unknown>(CACHE_BYTES),
  };
  readonly #attempts: StoreAttempts;
  readonly #lanes: Readonly<Record<TenantController, WorkerLanes>>;
  readonly #repercussions: Repercussions;
  readonly #verification: VerificationReconciler;
  readonly #objects = { policies: new ObjectStore(), backends: new ObjectStore() };
  readonly #watches: ControllerWatches;

  constructor(options: ControllersOptions) {
    const { context, configuration, clock } = options;
    const spread = options.random === undefined ? {} : { random: options.random };
    this.#options = options;
    this.#context = context;
    const { minSeconds, maxSeconds } = configuration.retry;
    const backoff = exponentialBackoff({ minMs: minSeconds * 1000, maxMs: maxSeconds * 1000, ...spread });
    this.#queues = controllerQueues({ clock, backoff, observer: options.queueObserver });
    this.#attempts = new StoreAttempts(clock, backoff);
    this.#lanes = { run: this.#lanesOf('run'), 'provenance-record': this.#lanesOf('provenance-record') };
    this.#verification = new VerificationReconciler({
      context,
      attempts: this.#attempts,
      intervalSeconds: configuration.verification.intervalSeconds,
      ...spread,
    });
    context.suspects.onSuspect((key) => {
      this.#queues['storage-backend'].add(key);
    });
    this.#repercussions = new Repercussions({
      pipelines: context.pipelines,
      records: context.records,
      attempts: this.#attempts,
      policyQueue: this.#queues['signing-policy'],
      recordQueue: this.#queues['provenance-record'],
      rescanQueue: this.#queues.rescan,
    });
    this.#watches = new ControllerWatches({
      ...options,
      queues: this.#queues,
      caches: this.#caches,
      objects: this.#objects,
      attempts: this.#attempts,
      repercussions: this.#repercussions,
      verification: this.#verification,
    });
    // Whoever finds another key than before, when signing or when looking, has the policy say so.
    context.keys.onChange((policy, isWorking) => {
      // The policy itself may have seen nothing of a key that was away for a moment, in which records needed it.
      this.#repercussions.policyKeyChanged(policy, { isWorking });
    });
    // Records that stayed unsigned for want of a trusted root or an allowed log are signed, or say what is missing now.
    context.gate.onChange((policy, isWorking) => {
      this.#repercussions.policyKeyChanged(policy, { isWorking });
    });
  }

  /**
   * Learns the pipelines, then the records, then the runs: what a run goes through and what is recorded of it is known before the
   * first run is looked at. Resolves when all of it is; each list is tried until it succeeds.
   */
  async start(): Promise<void> {
    this.#runBackendController();
    const { watchNamespaces } = this.#options.configuration;
    const watches = this.#watches;
    const isClusterWide = watchNamespaces.length === 0;
    await Promise.all([
      watches.policies('SigningPolicy'),
      watches.backends('StorageBackend'),
      ...(isClusterWide
        ? [watches.policies('ClusterSigningPolicy'), watches.backends('ClusterStorageBackend'), watches.namespaces()]
        : []),
    ]);
    // A policy that was looked at before its backends are known would say that they are missing.
    this.#runPolicyController();
    await watches.records();
    this.#repercussions.learned();
    await Promise.all([watches.runs('TaskRun'), watches.runs('PipelineRun')]);
    this.#runRecordControllers();
  }

  /** One namespace holds half of those for runs at most, one backend a third of those for records: what the configuration asks for. */
  get #workers(): Readonly<Record<TenantController, number>> {
    const { runs, records } = this.#options.configuration.concurrency;
    return { run: 2 * runs, 'provenance-record': 3 * records };
  }

  #lanesOf(name: TenantController): WorkerLanes {
    const queue = this.#queues[name];
    return new WorkerLanes({
      idleWorkers: () => this.#workers[name] - queue.processing,
      wake: (key) => {
        queue.add(key);
      },
      isBusy: (key) => queue.isProcessing(key),
    });
  }

  #runPolicyController(): void {
    const context = this.#context;
    const { operatorNamespace } = this.#options.configuration;
    const policies = new PolicyReconciler({ context, operatorNamespace, objects: this.#objects.policies });
    this.#run('signing-policy', FEW, (key, signal) => policies.reconcile(key, signal));
  }

  #runBackendController(): void {
    const { configuration, random } = this.#options;
    const backends = new BackendReconciler({
      context: this.#context,
      operatorNamespace: configuration.operatorNamespace,
      maxRetrySeconds: configuration.retry.maxSeconds,
      ...(random === undefined ? {} : { random }),
      objects: this.#objects.backends,
      onHealthChange: (backend, isReady) => {
        this.#repercussions.backendHealthChanged(backend, isReady);
      },
    });
    this.#run('storage-backend', PROBES, (key, signal) => backends.reconcile(key, signal));
  }

  #runRecordControllers(): void {
    const context = this.#context;
    const of = (name: TenantController) => ({ cache: this.#caches[name], lanes: this.#lanes[name] });
    const records = new RecordReconciler(context, { ...of('provenance-record'), attempts: this.#attempts });
    const childrenDeadlineSeconds = this.#options.configuration.children.deadlineSeconds;
    const runs = new RunReconciler({ ...of('run'), context, childrenDeadlineSeconds });
    const workers = this.#workers;
    this.#run('provenance-record', workers['provenance-record'], (key, signal) => records.reconcile(key, signal));
    this.#run('verification', FEW, (key, signal) => this.#verification.reconcile(key, signal));
    this.#run('run', workers.run, (key, signal) => runs.reconcile(key, signal));
    this.#run('rescan', 1, async (namespace, signal) => {
      const scope = namespace === EVERYWHERE ? {} : { namespace };
      await this.#watches.rescanRuns({ ...scope, signal });
      return {};
    });
  }

  #run(
    name: ControllerName,
    concurrency: number,
    reconcile: ConstructorParameters<typeof Controller>[0]['reconcile'],
  ): void {
    const { clock, host, onResult, onController } = this.#options;
    const controller = new Controller({
      name,
      concurrency,
      reconcile,
      queue: this.#queues[name],
      clock,
      onResult: (result) => {
        if (name === 'run' || name === 'provenance-record') this.#ended(name, result);
        onResult(result);
      },
    });
    onController(controller);
    host.run(controller);
  }

  #ended(name: TenantController, { key, waitsAgain }: ReconcileResult): void {
    if (!waitsAgain) this.#caches[name].release(key);
    this.#lanes[name].ended(key, waitsAgain);
  }
}
