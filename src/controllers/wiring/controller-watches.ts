// SPDX-License-Identifier: Apache-2.0
import type { BackendKind, PolicyKind, RunKind } from '../../api/v1alpha1/kinds.ts';
import type { OperatorConfiguration } from '../../config/operator-configuration.ts';
import { NAMESPACES } from '../../kube/core-resources.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { ListWatchGroup } from '../../kube/watch/list-watch-group.ts';
import type { ListWatchHandler, ListWatchObserver, WatchSource } from '../../kube/watch/list-watch-options.ts';
import { parseMetadata } from '../../kube/object-metadata.ts';
import type { Resource } from '../../kube/resource.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { ControllerHost } from './controller-host.ts';
import type { ControllerParts } from './controller-parts.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { namespaceEventHandler } from '../propagation/namespace-event-handler.ts';
import { type DeliveredRecord, projectRecord, recordEventHandler } from '../provenance-record/record-event-handler.ts';
import { scheduleVerification } from '../provenance-record/read-back/schedule-verification.ts';
import { missingRecords } from '../run/gather-run.ts';
import { finishObserver } from '../run/note-finishes.ts';
import { parseRunKey } from '../../tekton/run-key.ts';
import { namespaceOfRecord } from '../../records/record-key.ts';
import { runEventHandler } from '../run/run-event-handler.ts';
import { runResources } from '../../kube/tekton-resources.ts';
import { DefinitionShares, takeUpLeftOut } from '../memory/definition-shares.ts';
import { projectDefinition } from '../../pipelines/refused-definition.ts';
import { ceilingEventHandler } from '../policy-ceiling/ceiling-event-handler.ts';
import { policyEventHandler } from '../signing-policy/policy-event-handler.ts';
import { showingConditions } from './showing-conditions.ts';
import { backendEventHandler } from '../storage-backend/backend-event-handler.ts';
import { type DeliveredRun, projectRun } from '../run/delivered-run.ts';

export interface ControllerWatchesOptions extends ControllerParts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly configuration: OperatorConfiguration;
  readonly host: ControllerHost;
  readonly watchObserver: ListWatchObserver;
  readonly random?: () => number;
}

/** The watches of the controllers. Each method starts one, and resolves once its first list is handled. */
export class ControllerWatches {
  readonly #options: ControllerWatchesOptions;
  readonly #runSources: WatchSource[] = [];
  readonly #definitionSources: WatchSource[] = [];
  readonly #shares = {
    policies: new DefinitionShares('SigningPolicies'),
    backends: new DefinitionShares('StorageBackends'),
  };

  constructor(options: ControllerWatchesOptions) {
    this.#options = options;
    for (const shares of Object.values(this.#shares)) {
      shares.onRoom((namespace) => {
        options.propagation.definitionsHaveRoom(namespace);
      });
    }
  }

  /** Delivers the runs of a namespace, or of all, once more: kind by kind, in the order in which their watches were started. */
  async rescanRuns(scope: { readonly namespace?: string; readonly signal: AbortSignal }): Promise<void> {
    const { namespace } = scope;
    if (namespace !== undefined) await this.#takeUpLeftOut({ ...scope, namespace });
    for (const source of this.#runSources) await source.rescan(scope);
  }

  /** Delivers the policies and backends of a namespace once more, where one that was left out may have room now. */
  async #takeUpLeftOut(scope: { readonly namespace: string; readonly signal: AbortSignal }): Promise<void> {
    const { policies, backends } = this.#shares;
    await takeUpLeftOut([policies, backends], scope.namespace, async () => {
      for (const source of this.#definitionSources) await source.rescan(scope);
    });
  }

  policies(kind: PolicyKind): Promise<void> {
    const { objects, queues, propagation, configuration } = this.#options;
    return this.#watch(
      hallmarkResource(kind),
      projectDefinition,
      (onSynced) =>
        showingConditions(
          this.#options.context.shownConditions,
          kind,
          policyEventHandler({
            kind,
            operatorNamespace: configuration.operatorNamespace,
            retention: this.#options.context.retention,
            pipelines: this.#options.context.pipelines,
            objects: objects.policies,
            shares: this.#shares.policies,
            queue: queues['signing-policy'],
            propagation,
            onSynced,
          }),
        ),
      (source) => {
        if (hallmarkResource(kind).namespaced) this.#definitionSources.push(source);
      },
    );
  }

  backends(kind: BackendKind): Promise<void> {
    const { objects, queues, propagation, configuration } = this.#options;
    return this.#watch(
      hallmarkResource(kind),
      projectDefinition,
      (onSynced) =>
        showingConditions(
          this.#options.context.shownConditions,
          kind,
          backendEventHandler({
            kind,
            operatorNamespace: configuration.operatorNamespace,
            pipelines: this.#options.context.pipelines,
            objects: objects.backends,
            shares: this.#shares.backends,
            health: this.#options.context.health,
            owns: (namespace) => this.#options.context.shards.owns(namespace),
            queue: queues['storage-backend'],
            propagation,
            onSynced,
          }),
        ),
      (source) => {
        if (hallmarkResource(kind).namespaced) this.#definitionSources.push(source);
      },
    );
  }

  ceilings(): Promise<void> {
    const { context, objects, queues, propagation } = this.#options;
    return this.#watch(hallmarkResource('PolicyCeiling'), projectDefinition, (onSynced) =>
      ceilingEventHandler({
        pipelines: context.pipelines,
        records: context.records,
        objects: objects.ceilings,
        queue: queues['policy-ceiling'],
        propagation,
        onSynced,
      }),
    );
  }

  namespaces(): Promise<void> {
    const { context, guards, propagation } = this.#options;
    return this.#watch(NAMESPACES, parseMetadata, (onSynced) =>
      namespaceEventHandler({ pipelines: context.pipelines, propagation, guards, onSynced }),
    );
  }

  records(): Promise<void> {
    const { attempts, caches, context, drain, guards, queues, retirements, verification } = this.#options;
    const { records, owners, ownWrites, unconfirmedStores, unrecordedTestimonies, failingSeals } = context;
    const project = (object: unknown): DeliveredRecord | undefined => projectRecord(object, context);
    return this.#watch(hallmarkResource('ProvenanceRecord'), project, (onSynced) =>
      recordEventHandler({
        records,
        ownWrites,
        failingSeals,
        owners,
        cache: caches['provenance-record'],
        owns: (namespace) => context.shards.owns(namespace),
        others: {
          recorded: (run, record) => {
            if (!context.runsOfOthers.recorded(run, record)) return;
            // The replica that recorded it does the same.
            context.finishNotes.forget(parseRunKey(run).uid);
            if (!context.shards.owns(parseRunKey(run).namespace)) caches.run.release(run);
          },
        },
        guards,
        queue: queues['provenance-record'],
        scheduleVerification: (storage) => {
          scheduleVerification(queues.verification, verification, storage);
        },
        planRetirement: (record) => {
          retirements.plan(record);
        },
        forgetWork: (key) => {
          attempts.forget(key);
          unconfirmedStores.forget(key);
          unrecordedTestimonies.forget(key);
          context.quietTurns.end(key);
        },
        forget: (key) => {
          queues.verification.remove(key);
          context.readBackRounds.forget(key);
          retirements.forget(key);
          drain.remove(key);
          context.recordRoom.wake(namespaceOfRecord(key));
        },
        requeueRun: (key, record) => {
          if (context.shards.owns(parseRunKey(key).namespace)) queues.run.add(key);
          else if (!retirements.mayHaveRetired(record)) context.runsOfOthers.note(key, [record.key]);
        },
        onSynced,
      }),
    );
  }

  runs(kind: RunKind): Promise<void> {
    const { caches, context, guards, lastStates, queues, retirements } = this.#options;
    const { runs, records } = context;
    return this.#watch<DeliveredRun>(
      runResources[kind],
      projectRun,
      (onSynced) =>
        runEventHandler({
          kind,
          records,
          cache: caches.run,
          lastStates,
          queue: queues.run,
          owns: (namespace) => context.shards.owns(namespace),
          isStandingBy: () => context.shards.isStandingBy,
          others: context.runsOfOthers,
          missingRecords: (run) => missingRecords(context, run),
          requeueRecord: (key) => {
            const record = records.get(key);
            if (record?.isSettled === true) retirements.plan(record);
            else queues['provenance-record'].add(key);
          },
          finishes: finishObserver(context),
          guards,
          onSynced: () => {
            runs.synced(kind);
            onSynced();
          },
        }),
      (source) => {
        this.#runSources.push(source);
        runs.follow(kind, source);
      },
    );
  }

  /** Resolves once the first list is handled. */
  async #watch<T>(
    resource: Resource<unknown>,
    project: (object: unknown) => T | undefined,
    eventHandler: (onSynced: () => void) => ListWatchHandler<T>,
    onSource?: (source: WatchSource) => void,
  ): Promise<void> {
    const { client, clock, configuration, host, watchObserver, random } = this.#options;
    const spread = random === undefined ? {} : { random };
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const handler = eventHandler(() => {
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
