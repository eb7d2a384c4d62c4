// SPDX-License-Identifier: Apache-2.0
import type { OperatorConfiguration } from '../../config/operator-configuration.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import type { ListWatchObserver } from '../../kube/watch/list-watch-options.ts';
import { parseObjectKey } from '../../kube/resource.ts';
import { exponentialBackoff } from '../../runtime/queue/backoff.ts';
import { ByteBudgetCache } from '../../runtime/cache/byte-budget-cache.ts';
import type { Clock } from '../../runtime/clock.ts';
import { type AnyController, Controller, type ReconcileResult } from '../../runtime/queue/controller.ts';
import type { QueueObserver } from '../../runtime/queue/keyed-queue.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { ControllerHost } from './controller-host.ts';
import {
  type ControllerKeys,
  type ControllerName,
  type ControllerQueues,
  controllerQueues,
  type Admissions,
} from '../shares/controller-queues.ts';
import { ControllerWatches } from './controller-watches.ts';
import { ObjectStore } from '../memory/object-store.ts';
import type { DeliveredRecord } from '../provenance-record/record-event-handler.ts';
import { RecordReconciler } from '../provenance-record/record-reconciler.ts';
import { Retirements } from '../provenance-record/retirement/retirements.ts';
import { VerificationReconciler } from '../provenance-record/read-back/verification-reconciler.ts';
import { Attempts } from '../memory/attempts.ts';
import { RecordDrain } from '../propagation/record-drain.ts';
import { RecordResync } from '../propagation/record-resync.ts';
import { EVERYWHERE, ChangePropagation } from '../propagation/change-propagation.ts';
import { RunReconciler } from '../run/run-reconciler.ts';
import { PolicyReconciler } from '../signing-policy/policy-reconciler.ts';
import { BackendReconciler } from '../storage-backend/backend-reconciler.ts';
import { type SharedController, WorkerShares } from '../shares/worker-shares.ts';
import { DONE } from '../../runtime/queue/outcome.ts';
import type { WorkerLanes } from '../../runtime/lanes/worker-lanes.ts';
import type { Reconciler } from '../../runtime/queue/reconciler.ts';
import type { PolicyKey } from '../../pipelines/policy-key.ts';
import type { BackendKey } from '../../pipelines/backend-key.ts';
import { backendLane } from '../shares/server-lanes.ts';
import { admissions, namespaceOf } from './admissions.ts';
import { namespaceOfRecord, type RecordKey } from '../../records/record-key.ts';
import type { RunKey } from '../../tekton/run-key.ts';
import type { RecordSummary } from '../../records/record-summary.ts';
import { scheduleVerification } from '../provenance-record/read-back/schedule-verification.ts';
import { missingRecords } from '../run/gather-run.ts';
import { LAST_STATES, LastStates } from '../run/last-states.ts';
import { shardPart } from './shard-part.ts';
import { ShardWork } from './shard-work.ts';

/** The memory for the objects of queued runs, and for those of queued records. */
const CACHE_BYTES = 32 * 1024 * 1024;
/** The workers of the controllers that wait for the API server alone. */
const ALONE = { rescan: 1, resync: 1, retirement: 4 } as const;

export interface ControllersOptions {
  readonly context: ControllerContext;
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly configuration: OperatorConfiguration;
  readonly host: ControllerHost;
  readonly onResult: (result: ReconcileResult) => void;
  readonly watchObserver: ListWatchObserver;
  readonly queueObserver: (controller: string) => QueueObserver;
  readonly onController: (controller: AnyController) => void;
  /** Spreads retries and probes, 0 to 1; `Math.random` when absent. */
  readonly random?: () => number;
}

/** All controllers of the operator with their watches. */
export class Controllers {
  readonly #options: ControllersOptions;
  readonly #context: ControllerContext;
  readonly #admissions: Admissions;
  readonly #queues: ControllerQueues;
  /** Begins and ends the work of shards; nothing is done before the first is taken. */
  readonly shards: ShardWork;
  readonly #caches = {
    run: new ByteBudgetCache<unknown, RunKey>(CACHE_BYTES, LAST_STATES),
    'provenance-record': new ByteBudgetCache<DeliveredRecord, RecordKey>(CACHE_BYTES),
  };
  readonly #attempts: Attempts;
  readonly #shares: WorkerShares;
  readonly #retirements: Retirements;
  readonly #drain: RecordDrain;
  readonly #propagation: ChangePropagation;
  readonly #verification: VerificationReconciler;
  readonly #objects = { policies: new ObjectStore<PolicyKey>(), backends: new ObjectStore<BackendKey>() };
  readonly #watches: ControllerWatches;

  constructor(options: ControllersOptions) {
    const { context, configuration, clock } = options;
    const spread = options.random === undefined ? {} : { random: options.random };
    this.#options = options;
    this.#context = context;
    const { minSeconds, maxSeconds } = configuration.retry;
    const backoff = exponentialBackoff({ minMs: minSeconds * 1000, maxMs: maxSeconds * 1000, ...spread });
    this.#admissions = admissions({ context, caches: this.#caches, objects: this.#objects });
    this.#queues = controllerQueues({ clock, backoff, observer: options.queueObserver, admissions: this.#admissions });
    this.#attempts = new Attempts(clock, backoff);
    this.#shares = new WorkerShares(this.#queues, configuration.concurrency);
    this.#verification = new VerificationReconciler({
      context,
      attempts: this.#attempts,
      lanes: this.#shares.lanes.verification,
      intervalSeconds: configuration.verification.intervalSeconds,
      ...spread,
    });
    context.suspects.onSuspect((key) => {
      this.#queues['storage-backend'].add(key);
    });
    this.#retirements = new Retirements({ context, queue: this.#queues.retirement });
    this.#drain = new RecordDrain({
      queue: this.#queues['provenance-record'],
      isOpen: (key) => context.records.get(key)?.isSettled === false && context.shards.owns(namespaceOfRecord(key)),
      waitsFor: (backend, key) => {
        const { name } = backendLane(backend, parseObjectKey(key).namespace ?? '');
        return this.#shares.lanes['provenance-record'].isAwaiting(name, key);
      },
    });
    this.#propagation = new ChangePropagation({
      pipelines: context.pipelines,
      policyQueue: this.#queues['signing-policy'],
      resyncQueue: this.#queues.resync,
      rescanQueue: this.#queues.rescan,
      drain: this.#drain,
      owns: (namespace) => context.shards.owns(namespace),
    });
    const lastStates = new LastStates({ cache: this.#caches.run, events: context.events });
    this.#watches = new ControllerWatches({
      ...options,
      lastStates,
      queues: this.#queues,
      caches: this.#caches,
      objects: this.#objects,
      attempts: this.#attempts,
      propagation: this.#propagation,
      verification: this.#verification,
      retirements: this.#retirements,
      drain: this.#drain,
    });
    const watched = configuration.watchNamespaces;
    this.shards = new ShardWork({
      ...{ context, clock, queues: this.#queues, caches: this.#caches, objects: this.#objects, lastStates },
      propagation: this.#propagation,
      drain: this.#drain,
      namespaces: () => (watched.length > 0 ? watched : context.pipelines.namespaces),
      missingRecords: (run) => missingRecords(context, run),
      graceSeconds: configuration.shutdownGraceSeconds,
    });
    // Re-queue the policy and its records when its active key changes.
    context.keys.onChange((policy, isWorking) => {
      this.#propagation.policyKeyChanged(policy, { isWorking });
    });
    // The same for its trusted root and its log.
    context.gate.onChange((policy, isWorking) => {
      this.#propagation.policyKeyChanged(policy, { isWorking });
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
    this.#propagation.learned();
    // PipelineRuns come first: their children are noted only where a record of the PipelineRun is missing.
    await watches.runs('PipelineRun');
    await watches.runs('TaskRun');
    this.#propagation.runsKnown();
    this.#runRecordControllers();
    this.#runRunControllers();
  }

  #runPolicyController(): void {
    const context = this.#context;
    const { operatorNamespace } = this.#options.configuration;
    const policies = new PolicyReconciler({ context, operatorNamespace, objects: this.#objects.policies });
    this.#runShared('signing-policy', this.#shares.byNamespace('signing-policy', policies));
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
        this.#propagation.backendHealthChanged(backend, isReady);
      },
    });
    this.#runShared('storage-backend', this.#shares.byNamespace('storage-backend', backends));
  }

  #runRecordControllers(): void {
    this.#runShared(
      'provenance-record',
      new RecordReconciler({
        context: this.#context,
        cache: this.#caches['provenance-record'],
        lanes: this.#shares.lanes['provenance-record'],
        attempts: this.#attempts,
      }),
      ({ key, waitsAgain }) => {
        if (!waitsAgain) this.#caches['provenance-record'].release(key);
        this.#drain.reconciled(key);
      },
    );
    this.#runShared('verification', this.#verification);
    this.#runAlone('retirement', this.#retirements);
    this.#runAlone(
      'resync',
      new RecordResync({
        records: this.#context.records,
        attempts: this.#attempts,
        retirements: this.#retirements,
        drain: this.#drain,
        owns: (namespace) => this.#context.shards.owns(namespace),
        takeOver: (record) => {
          this.#takeOver(record);
        },
      }),
    );
  }

  /** Forgets old knowledge of a record that another replica worked on, and schedules its read-back. */
  #takeOver(record: RecordSummary): void {
    if (record.runUID !== undefined) this.#context.owners.release(record.runUID, record.key);
    scheduleVerification(this.#queues.verification, this.#verification, { unverifiedBefore: 0, now: record });
  }

  #runRunControllers(): void {
    this.#runShared(
      'run',
      new RunReconciler({
        context: this.#context,
        cache: this.#caches.run,
        lanes: this.#shares.lanes.run,
        childrenDeadlineSeconds: this.#options.configuration.children.deadlineSeconds,
      }),
      ({ key, waitsAgain }) => {
        if (!waitsAgain) this.#caches.run.release(key);
      },
    );
    this.#runAlone('rescan', {
      reconcile: async (namespace, signal) => {
        await this.#watches.rescanRuns(namespace === EVERYWHERE ? { signal } : { namespace, signal });
        return DONE;
      },
    });
  }

  /** Runs a controller that waits for servers which tenants name: its keys share the workers in lanes. */
  #runShared<Name extends SharedController>(
    name: Name,
    reconciler: Reconciler<ControllerKeys[Name]>,
    onEnded?: (result: ReconcileResult<ControllerKeys[Name]>) => void,
  ): void {
    const lanes = this.#shares.lanes[name];
    this.#run(name, {
      concurrency: this.#shares.workers[name],
      reconciler: this.#shares.forTenant(name, reconciler),
      lanes,
      onEnded: (result) => {
        // A key of another replica is not woken any more: its place would be kept for ever.
        if (this.#admissions[name](result.key)) lanes.ended(result.key, result.waitsAgain);
        else lanes.remove(result.key);
        onEnded?.(result);
      },
    });
  }

  /** Runs a controller that waits for the API server alone. */
  #runAlone<Name extends keyof typeof ALONE>(name: Name, reconciler: Reconciler<ControllerKeys[Name]>): void {
    this.#run(name, { concurrency: ALONE[name], reconciler });
  }

  #run<Name extends ControllerName>(
    name: Name,
    options: {
      readonly concurrency: number;
      readonly reconciler: Reconciler<ControllerKeys[Name]>;
      readonly lanes?: WorkerLanes<ControllerKeys[Name]>;
      readonly onEnded?: (result: ReconcileResult<ControllerKeys[Name]>) => void;
    },
  ): void {
    const { clock, host, onResult, onController } = this.#options;
    const { concurrency, reconciler, lanes, onEnded } = options;
    const controller = new Controller<ControllerKeys[Name]>({
      name,
      concurrency,
      reconcile: (key, signal) => reconciler.reconcile(key, signal),
      queue: this.#queues[name],
      clock,
      onResult: (result) => {
        onEnded?.(result);
        onResult(result);
      },
    });
    const admits = this.#admissions[name];
    this.shards.add(shardPart({ controller, namespaceOf: namespaceOf[name], admits, lanes }));
    onController(controller);
    host.run(controller);
  }
}
