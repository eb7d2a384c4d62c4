// SPDX-License-Identifier: Apache-2.0
import type { OperatorConfiguration } from '../config/operator-configuration.ts';
import { NAMESPACES } from '../kube/core-resources.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { ListWatchGroup } from '../kube/list-watch-group.ts';
import type { ListWatchHandler, ListWatchObserver, WatchSource } from '../kube/list-watch-options.ts';
import { parseMetadata } from '../kube/object-metadata.ts';
import type { Resource } from '../kube/resource.ts';
import type { ByteBudgetCache } from '../runtime/byte-budget-cache.ts';
import type { Clock } from '../runtime/clock.ts';
import type { WorkerLanes } from '../runtime/worker-lanes.ts';
import type { ControllerContext } from './controller-context.ts';
import type { ControllerHost } from './controller-host.ts';
import type { ControllerQueues, TenantController } from './controller-queues.ts';
import { hallmarkResource } from './hallmark-resource.ts';
import { namespaceFeed } from './namespace-feed.ts';
import type { ObjectStore } from './object-store.ts';
import { type DeliveredRecord, projectRecord, recordFeed } from './provenance-record/record-feed.ts';
import { scheduleVerification } from './provenance-record/schedule-verification.ts';
import type { Retirements } from './provenance-record/retirements.ts';
import type { StoreAttempts } from './provenance-record/store-attempts.ts';
import type { VerificationReconciler } from './provenance-record/verification-reconciler.ts';
import type { RecordDrain } from './record-drain.ts';
import type { Repercussions } from './repercussions.ts';
import { pendingPipelines } from './run/gather-run.ts';
import { type DeliveredRun, projectRun, runFeed } from './run/run-feed.ts';
import { runResources } from './run/tekton-resources.ts';
import { policyFeed } from './signing-policy/policy-feed.ts';
import { backendFeed } from './storage-backend/backend-feed.ts';

export interface ControllerWatchesOptions {
  readonly context: ControllerContext;
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly configuration: OperatorConfiguration;
  readonly host: ControllerHost;
  readonly watchObserver: ListWatchObserver;
  readonly random?: () => number;
  readonly queues: ControllerQueues;
  /** The objects of queued runs, and of queued records. */
  readonly caches: Readonly<Record<TenantController, ByteBudgetCache<unknown>>>;
  readonly objects: Readonly<Record<'policies' | 'backends', ObjectStore>>;
  readonly attempts: StoreAttempts;
  readonly repercussions: Repercussions;
  readonly verification: VerificationReconciler;
  readonly retirements: Retirements;
  readonly drain: RecordDrain;
  readonly lanes: Readonly<Record<'provenance-record' | 'verification', WorkerLanes>>;
}

/** The watches that feed the controllers' queues. Each method begins one, and resolves once everything that is there was delivered. */
export class ControllerWatches {
  readonly #options: ControllerWatchesOptions;
  readonly #runSources: WatchSource[] = [];

  constructor(options: ControllerWatchesOptions) {
    this.#options = options;
  }

  /** Has the runs of a namespace, or of all, delivered once more. */
  async rescanRuns(scope: { readonly namespace?: string; readonly signal: AbortSignal }): Promise<void> {
    await Promise.all(this.#runSources.map((source) => source.rescan(scope)));
  }

  policies(kind: 'SigningPolicy' | 'ClusterSigningPolicy'): Promise<void> {
    const { objects, queues, repercussions, configuration } = this.#options;
    return this.#watch(
      hallmarkResource(kind),
      (object: unknown) => object,
      (onSynced) =>
        policyFeed({
          kind,
          operatorNamespace: configuration.operatorNamespace,
          pipelines: this.#options.context.pipelines,
          objects: objects.policies,
          queue: queues['signing-policy'],
          repercussions,
          onSynced,
        }),
    );
  }

  backends(kind: 'StorageBackend' | 'ClusterStorageBackend'): Promise<void> {
    const { objects, queues, repercussions, configuration } = this.#options;
    return this.#watch(
      hallmarkResource(kind),
      (object: unknown) => object,
      (onSynced) =>
        backendFeed({
          kind,
          operatorNamespace: configuration.operatorNamespace,
          pipelines: this.#options.context.pipelines,
          objects: objects.backends,
          health: this.#options.context.health,
          queue: queues['storage-backend'],
          repercussions,
          onSynced,
        }),
    );
  }

  namespaces(): Promise<void> {
    const { context, repercussions } = this.#options;
    return this.#watch(NAMESPACES, parseMetadata, (onSynced) =>
      namespaceFeed(context.pipelines, repercussions, onSynced),
    );
  }

  records(): Promise<void> {
    const { attempts, caches, context, drain, lanes, queues, retirements, verification } = this.#options;
    const { records, sealKey, owners, ownWrites, storedLately, witnessedLately, failingSeals } = context;
    const project = (object: unknown): DeliveredRecord | undefined => projectRecord(object, sealKey);
    return this.#watch(hallmarkResource('ProvenanceRecord'), project, (onSynced) =>
      recordFeed({
        records,
        ownWrites,
        failingSeals,
        owners,
        cache: caches['provenance-record'],
        queue: queues['provenance-record'],
        scheduleVerification: (storage) => {
          scheduleVerification(queues.verification, verification, storage);
        },
        planRetirement: (record) => {
          retirements.plan(record);
        },
        forgetWork: (key) => {
          attempts.forget(key);
          storedLately.forget(key);
          witnessedLately.forget(key);
        },
        forget: (key) => {
          queues.verification.remove(key);
          verification.forget(key);
          retirements.forget(key);
          drain.remove(key);
          lanes['provenance-record'].remove(key);
          lanes.verification.remove(key);
        },
        requeueRun: (key) => {
          queues.run.add(key);
        },
        onSynced,
      }),
    );
  }

  runs(kind: 'TaskRun' | 'PipelineRun'): Promise<void> {
    const { caches, context, queues, retirements } = this.#options;
    const { runs, records } = context;
    return this.#watch<DeliveredRun>(
      runResources[kind],
      projectRun,
      (onSynced) =>
        runFeed({
          kind,
          runs,
          records,
          cache: caches.run,
          queue: queues.run,
          isPending: (run) => pendingPipelines(context, run).length > 0,
          requeueRecord: (key) => {
            const record = records.get(key);
            if (record?.isSettled === true) retirements.plan(record);
            else queues['provenance-record'].add(key);
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
    const { client, clock, configuration, host, watchObserver, random } = this.#options;
    const spread = random === undefined ? {} : { random };
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const handler = feed(() => {
      resolve(undefined);
    });
    const namespaces = resource.namespaced ? configuration.watchNamespaces : [];
    const source = new ListWatchGroup(
      { client, resource, project, handler, clock, observer: watchObserver, ...spread },
      namespaces,
    );
    onSource?.(source);
    await host.watch({ group: resource.group, version: resource.version, plural: resource.plural, source });
    await promise;
  }
}
