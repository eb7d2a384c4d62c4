// SPDX-License-Identifier: Apache-2.0
import type { KubeClient } from '../../kube/kube-client.ts';
import type { ListWatchObserver } from '../../kube/watch/list-watch-options.ts';
import type { RecordSummary } from '../../records/record-summary.ts';
import { DONE } from '../../runtime/queue/outcome.ts';
import { RescanPace } from '../propagation/rescan-pace.ts';
import { EVERYWHERE } from '../propagation/change-propagation.ts';
import { policyKey } from '../../pipelines/policy-key.ts';
import { RecordResync } from '../propagation/record-resync.ts';
import { scheduleVerification } from '../provenance-record/read-back/schedule-verification.ts';
import { RecordReconciler } from '../provenance-record/record-reconciler.ts';
import { missingRecords } from '../run/gather-run.ts';
import { RunReconciler } from '../run/run-reconciler.ts';
import { GuardReconciler } from '../deletion-guard/guard-reconciler.ts';
import { ChildNoteReconciler } from '../child-notes/child-note-reconciler.ts';
import { CeilingReconciler } from '../policy-ceiling/ceiling-reconciler.ts';
import { PolicyReconciler } from '../signing-policy/policy-reconciler.ts';
import { BackendReconciler } from '../storage-backend/backend-reconciler.ts';
import { type ControllerParts, controllerParts, type ControllerPartsOptions } from './controller-parts.ts';
import { ControllerRunner, type ControllerRunnerOptions } from './controller-runner.ts';
import { ControllerWatches } from './controller-watches.ts';
import { ShardWork } from './shard-work.ts';

export interface ControllersOptions
  extends ControllerPartsOptions, Pick<ControllerRunnerOptions, 'host' | 'onResult' | 'onController'> {
  readonly client: KubeClient;
  readonly watchObserver: ListWatchObserver;
}

/** All controllers of the operator with their watches. */
export class Controllers {
  readonly #options: ControllersOptions;
  readonly #parts: ControllerParts;
  readonly #watches: ControllerWatches;
  readonly #runner: ControllerRunner;
  /** Begins and ends the work of shards; nothing is done before the first is taken. */
  readonly shards: ShardWork;

  constructor(options: ControllersOptions) {
    const { context, configuration, clock } = options;
    const parts = controllerParts(options);
    const watched = configuration.watchNamespaces;
    this.#options = options;
    this.#parts = parts;
    this.#watches = new ControllerWatches({ ...options, ...parts });
    this.shards = new ShardWork({
      ...parts,
      clock,
      namespaces: () => (watched.length > 0 ? watched : context.pipelines.namespaces),
      missingRecords: (run) => missingRecords(context, run),
      graceSeconds: configuration.shutdownGraceSeconds,
    });
    this.#runner = new ControllerRunner({ ...options, parts, shards: this.shards });
  }

  /**
   * Learns what is allowed and the pipelines, then the records, then the runs: what a run goes through and what is recorded of it is known before the
   * first run is looked at. Resolves when all of it is; each list is tried until it succeeds.
   */
  async start(): Promise<void> {
    const { watchNamespaces } = this.#options.configuration;
    const watches = this.#watches;
    const isClusterWide = watchNamespaces.length === 0;
    // A backend beyond its ceiling is not even probed, so what is allowed comes first.
    if (isClusterWide) await Promise.all([watches.ceilings(), watches.namespaces()]);
    this.#runBackendController();
    await Promise.all([
      watches.policies('SigningPolicy'),
      watches.backends('StorageBackend'),
      ...(isClusterWide ? [watches.policies('ClusterSigningPolicy'), watches.backends('ClusterStorageBackend')] : []),
    ]);
    // A policy that was looked at before its backends are known would say that they are missing.
    this.#runPolicyController();
    const { context, objects } = this.#parts;
    this.#runner.runAlone('policy-ceiling', new CeilingReconciler({ context, objects: objects.ceilings }));
    await watches.records();
    this.#parts.propagation.learned();
    this.#lookAgainForUnannotated();
    // PipelineRuns come first: their children are noted only where a record of the PipelineRun is missing.
    await watches.runs('PipelineRun');
    await watches.runs('TaskRun');
    this.#parts.propagation.runsKnown();
    this.#runRecordControllers();
    this.#runRunControllers();
  }

  #runPolicyController(): void {
    const { context, objects, propagation, shares } = this.#parts;
    const { operatorNamespace } = this.#options.configuration;
    const policies = new PolicyReconciler({
      ...{ context, operatorNamespace, objects: objects.policies },
      onAnnotatingAllowed: (policy) => {
        propagation.annotatingAllowed(policy);
      },
    });
    this.#runner.runShared('signing-policy', shares.byNamespace('signing-policy', policies));
  }

  /** Policies were looked at before their records were known. */
  #lookAgainForUnannotated(): void {
    const { context, queues } = this.#parts;
    for (const policy of context.pipelines.policies)
      if (context.records.hasUnannotated(policy)) queues['signing-policy'].add(policyKey(policy));
  }

  #runBackendController(): void {
    const { context, objects, propagation, shares } = this.#parts;
    const { configuration, random } = this.#options;
    const backends = new BackendReconciler({
      context,
      operatorNamespace: configuration.operatorNamespace,
      maxRetrySeconds: configuration.retry.maxSeconds,
      ...(random === undefined ? {} : { random }),
      objects: objects.backends,
      onHealthChange: (backend, isReady) => {
        propagation.backendHealthChanged(backend, isReady);
      },
    });
    this.#runner.runShared('storage-backend', shares.byNamespace('storage-backend', backends));
  }

  #runRecordControllers(): void {
    const { context, attempts, caches, drain, retirements, shares, verification } = this.#parts;
    const cache = caches['provenance-record'];
    const records = new RecordReconciler({ context, cache, attempts, lanes: shares.lanes['provenance-record'] });
    this.#runner.runShared('provenance-record', records, ({ key, waitsAgain }) => {
      if (!waitsAgain) cache.release(key);
      drain.reconciled(key);
    });
    this.#runner.runShared('verification', verification);
    this.#runner.runAlone('retirement', retirements);
    const resync = new RecordResync({
      ...{ records: context.records, attempts, retirements, drain },
      owns: (namespace) => context.shards.owns(namespace),
      takeOver: (record) => {
        this.#takeOver(record);
      },
    });
    this.#runner.runAlone('resync', resync);
  }

  /** Forgets old knowledge of a record that another replica worked on, and schedules its read-back. */
  #takeOver(record: RecordSummary): void {
    const { context, queues, verification } = this.#parts;
    if (record.runUID !== undefined) context.owners.release(record.runUID, record.key);
    scheduleVerification(queues.verification, verification, { unverifiedBefore: 0, now: record });
  }

  #runChildNotes(): void {
    const { context, queues, shares } = this.#parts;
    const { watchNamespaces } = this.#options.configuration;
    const notes = new ChildNoteReconciler({
      context,
      enqueue: (key) => {
        queues['child-notes'].add(key);
      },
      isWatched: (namespace) => watchNamespaces.length === 0 || watchNamespaces.includes(namespace),
    });
    this.#runner.runShared('child-notes', shares.byNamespace('child-notes', notes));
  }

  #runRunControllers(): void {
    const { context, caches, shares } = this.#parts;
    const childrenDeadlineSeconds = this.#options.configuration.children.deadlineSeconds;
    const runs = new RunReconciler({ context, cache: caches.run, lanes: shares.lanes.run, childrenDeadlineSeconds });
    this.#runner.runShared('run', runs, ({ key, waitsAgain }) => {
      if (!waitsAgain) caches.run.release(key);
    });
    this.#runner.runShared('deletion-guard', shares.byNamespace('deletion-guard', new GuardReconciler({ context })));
    this.#runChildNotes();
    const pace = new RescanPace(this.#options.clock);
    this.#runner.runAlone('rescan', {
      reconcile: async (namespace, signal) => {
        const requeueAfterSeconds = pace.secondsLeft(namespace);
        if (requeueAfterSeconds > 0) return { requeueAfterSeconds };
        const scope = namespace === EVERYWHERE ? { signal } : { namespace, signal };
        await pace.measure(namespace, () => this.#watches.rescanRuns(scope));
        return DONE;
      },
    });
  }
}
