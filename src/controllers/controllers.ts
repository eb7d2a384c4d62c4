// SPDX-License-Identifier: Apache-2.0
import type { OperatorConfiguration } from '../config/operator-configuration.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { ListWatchGroup } from '../kube/list-watch-group.ts';
import type { ListWatchHandler, ListWatchObserver, WatchSource } from '../kube/list-watch-options.ts';
import type { Resource } from '../kube/resource.ts';
import { NAMESPACES } from '../kube/core-resources.ts';
import { parseMetadata } from '../kube/object-metadata.ts';
import type { Backoff } from '../runtime/backoff.ts';
import { exponentialBackoff } from '../runtime/backoff.ts';
import { ByteBudgetCache } from '../runtime/byte-budget-cache.ts';
import type { Clock } from '../runtime/clock.ts';
import { Controller, type ReconcileResult } from '../runtime/controller.ts';
import { KeyedQueue, type QueueObserver } from '../runtime/keyed-queue.ts';
import type { ControllerContext } from './controller-context.ts';
import type { ControllerHost } from './controller-host.ts';
import { hallmarkResource } from './hallmark-resource.ts';
import { namespaceFeed } from './namespace-feed.ts';
import { ObjectStore } from './object-store.ts';
import { type DeliveredRecord, projectRecord, recordFeed } from './provenance-record/record-feed.ts';
import { RecordReconciler } from './provenance-record/record-reconciler.ts';
import { VerificationReconciler } from './provenance-record/verification-reconciler.ts';
import { StoreAttempts } from './provenance-record/store-attempts.ts';
import { StoreLanes } from './provenance-record/store-lanes.ts';
import { EVERYWHERE, Repercussions } from './repercussions.ts';
import { pendingPipelines } from './run/gather-run.ts';
import { type DeliveredRun, projectRun, runFeed } from './run/run-feed.ts';
import { RunReconciler } from './run/run-reconciler.ts';
import { runResources } from './run/tekton-resources.ts';
import { policyFeed } from './signing-policy/policy-feed.ts';
import { PolicyReconciler } from './signing-policy/policy-reconciler.ts';
import { backendFeed } from './storage-backend/backend-feed.ts';
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
}

type ControllerName = 'signing-policy' | 'storage-backend' | 'provenance-record' | 'verification' | 'run' | 'rescan';

/** All controllers of the operator with the watches that feed them. Made when the process begins to lead. */
export class Controllers {
  readonly #options: ControllersOptions;
  readonly #context: ControllerContext;
  readonly #backoff: Backoff;
  readonly #queues: Readonly<Record<ControllerName, KeyedQueue>>;
  readonly #runCache = new ByteBudgetCache<unknown>(CACHE_BYTES);
  readonly #recordCache = new ByteBudgetCache<unknown>(CACHE_BYTES);
  readonly #attempts: StoreAttempts;
  readonly #lanes: StoreLanes;
  readonly #repercussions: Repercussions;
  readonly #verification: VerificationReconciler;
  readonly #policies = new ObjectStore();
  readonly #backends = new ObjectStore();
  readonly #runSources: WatchSource[] = [];

  constructor(options: ControllersOptions) {
    const { context, configuration, clock } = options;
    this.#options = options;
    this.#context = context;
    const { minSeconds, maxSeconds } = configuration.retry;
    this.#backoff = exponentialBackoff({ minMs: minSeconds * 1000, maxMs: maxSeconds * 1000 });
    const queue = (name: ControllerName): KeyedQueue =>
      new KeyedQueue({ clock, backoff: this.#backoff, observer: options.queueObserver(name) });
    this.#queues = {
      'signing-policy': queue('signing-policy'),
      'storage-backend': queue('storage-backend'),
      'provenance-record': queue('provenance-record'),
      verification: queue('verification'),
      run: queue('run'),
      rescan: queue('rescan'),
    };
    this.#attempts = new StoreAttempts(clock, this.#backoff);
    this.#lanes = new StoreLanes({
      idleWorkers: () => this.#recordWorkers - this.#queues['provenance-record'].processing,
      wake: (key) => {
        this.#queues['provenance-record'].add(key);
      },
    });
    this.#verification = new VerificationReconciler({
      context,
      attempts: this.#attempts,
      intervalSeconds: configuration.verification.intervalSeconds,
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
    // Whoever finds another key than before, when signing or when looking, has the policy say so.
    context.keys.onChange((policy, isWorking) => {
      // The policy itself may have seen nothing of a key that was away for a moment, in which records needed it.
      this.#repercussions.policyKeyChanged(policy, { isWorking });
    });
  }

  /**
   * Learns the pipelines, then the records, then the runs: what a run goes through and what is recorded of it is known before the
   * first run is looked at. Resolves when all of it is; each list is tried until it succeeds.
   */
  async start(): Promise<void> {
    this.#runPolicyControllers();
    const { watchNamespaces } = this.#options.configuration;
    const isClusterWide = watchNamespaces.length === 0;
    await Promise.all([
      this.#watchPolicies('SigningPolicy'),
      this.#watchBackends('StorageBackend'),
      ...(isClusterWide
        ? [
            this.#watchPolicies('ClusterSigningPolicy'),
            this.#watchBackends('ClusterStorageBackend'),
            this.#watchNamespaces(),
          ]
        : []),
    ]);
    await this.#watchRecords();
    this.#repercussions.learned();
    await Promise.all([this.#watchRuns('TaskRun'), this.#watchRuns('PipelineRun')]);
    this.#runRecordControllers();
  }

  /** One backend holds a third of them at most, and that is what the configuration asks for. */
  get #recordWorkers(): number {
    return 3 * this.#options.configuration.concurrency.records;
  }

  #runPolicyControllers(): void {
    const { configuration } = this.#options;
    const shared = {
      context: this.#context,
      operatorNamespace: configuration.operatorNamespace,
      health: this.#context.health,
    };
    const policies = new PolicyReconciler({ ...shared, objects: this.#policies });
    const backends = new BackendReconciler({
      ...shared,
      maxRetrySeconds: configuration.retry.maxSeconds,
      objects: this.#backends,
      onHealthChange: (backend, isReady) => {
        this.#repercussions.backendHealthChanged(backend, isReady);
      },
    });
    this.#run('signing-policy', FEW, (key, signal) => policies.reconcile(key, signal));
    this.#run('storage-backend', PROBES, (key, signal) => backends.reconcile(key, signal));
  }

  #runRecordControllers(): void {
    const { concurrency, children } = this.#options.configuration;
    const context = this.#context;
    const [attempts, lanes, recordCache] = [this.#attempts, this.#lanes, this.#recordCache];
    const records = new RecordReconciler(context, { attempts, lanes, cache: recordCache });
    const cache = this.#runCache;
    const runs = new RunReconciler({ context, cache, childrenDeadlineSeconds: children.deadlineSeconds });
    this.#run('provenance-record', this.#recordWorkers, (key, signal) => records.reconcile(key, signal));
    this.#run('verification', FEW, (key, signal) => this.#verification.reconcile(key, signal));
    this.#run('run', concurrency.runs, (key, signal) => runs.reconcile(key, signal));
    this.#run('rescan', 1, async (namespace, signal) => {
      const scope = namespace === EVERYWHERE ? {} : { namespace };
      await Promise.all(this.#runSources.map((source) => source.rescan({ ...scope, signal })));
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
        if (!result.waitsAgain && name === 'run') this.#runCache.release(result.key);
        if (!result.waitsAgain && name === 'provenance-record') this.#recordCache.release(result.key);
        if (name === 'provenance-record') this.#lanes.ended(result.key);
        onResult(result);
      },
    });
    onController(controller);
    host.run(controller);
  }

  #watchPolicies(kind: 'SigningPolicy' | 'ClusterSigningPolicy'): Promise<void> {
    const { operatorNamespace } = this.#options.configuration;
    return this.#watch(
      hallmarkResource(kind),
      (object: unknown) => object,
      (onSynced) =>
        policyFeed({
          kind,
          operatorNamespace,
          pipelines: this.#context.pipelines,
          objects: this.#policies,
          queue: this.#queues['signing-policy'],
          repercussions: this.#repercussions,
          onSynced,
        }),
    );
  }

  #watchBackends(kind: 'StorageBackend' | 'ClusterStorageBackend'): Promise<void> {
    const { operatorNamespace } = this.#options.configuration;
    return this.#watch(
      hallmarkResource(kind),
      (object: unknown) => object,
      (onSynced) =>
        backendFeed({
          kind,
          operatorNamespace,
          pipelines: this.#context.pipelines,
          objects: this.#backends,
          queue: this.#queues['storage-backend'],
          repercussions: this.#repercussions,
          onSynced,
        }),
    );
  }

  #watchNamespaces(): Promise<void> {
    const { pipelines } = this.#context;
    return this.#watch(NAMESPACES, parseMetadata, (onSynced) =>
      namespaceFeed(pipelines, this.#repercussions, onSynced),
    );
  }

  #watchRecords(): Promise<void> {
    const { records, pipelines, sealKey, owners, ownWrites, storedLately } = this.#context;
    const project = (object: unknown): DeliveredRecord | undefined => projectRecord(object, sealKey);
    return this.#watch(hallmarkResource('ProvenanceRecord'), project, (onSynced) =>
      recordFeed({
        records,
        pipelines,
        attempts: this.#attempts,
        ownWrites,
        storedLately,
        owners,
        cache: this.#recordCache,
        queue: this.#queues['provenance-record'],
        scheduleVerification: ({ key, isVerified }) => {
          const queue = this.#queues.verification;
          const seconds = this.#verification.secondsUntilFirst(isVerified);
          if (seconds !== undefined && !queue.has(key)) queue.addAfter(key, seconds * 1000);
        },
        requeueRun: (key) => {
          this.#queues.run.add(key);
        },
        onSynced,
      }),
    );
  }

  #watchRuns(kind: 'TaskRun' | 'PipelineRun'): Promise<void> {
    const { runs, records } = this.#context;
    return this.#watch<DeliveredRun>(
      runResources[kind],
      projectRun,
      (onSynced) =>
        runFeed({
          kind,
          runs,
          records,
          cache: this.#runCache,
          queue: this.#queues.run,
          isPending: (run) => pendingPipelines(this.#context, run).length > 0,
          requeueRecord: (key) => {
            this.#queues['provenance-record'].add(key);
          },
          onSynced: () => {
            runs.synced(kind);
            onSynced();
          },
        }),
      (source) => this.#runSources.push(source),
    );
  }

  /** Resolves once everything that is there has been delivered. */
  async #watch<T>(
    resource: Resource<unknown>,
    project: (object: unknown) => T | undefined,
    feed: (onSynced: () => void) => ListWatchHandler<T>,
    onSource?: (source: WatchSource) => void,
  ): Promise<void> {
    const { client, clock, configuration, host, watchObserver } = this.#options;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const handler = feed(() => {
      resolve(undefined);
    });
    const namespaces = resource.namespaced ? configuration.watchNamespaces : [];
    const source = new ListWatchGroup(
      { client, resource, project, handler, clock, observer: watchObserver },
      namespaces,
    );
    onSource?.(source);
    await host.watch({ group: resource.group, version: resource.version, plural: resource.plural, source });
    await promise;
  }
}
