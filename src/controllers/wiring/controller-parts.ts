// SPDX-License-Identifier: Apache-2.0
import type { OperatorConfiguration } from '../../config/operator-configuration.ts';
import { parseObjectKey } from '../../kube/resource.ts';
import type { BackendKey } from '../../pipelines/backend-key.ts';
import { policyKey, type PolicyKey } from '../../pipelines/policy-key.ts';
import { namespaceOfRecord, type RecordKey } from '../../records/record-key.ts';
import { ByteBudgetCache } from '../../runtime/cache/byte-budget-cache.ts';
import type { Clock } from '../../runtime/clock.ts';
import { exponentialBackoff } from '../../runtime/queue/backoff.ts';
import type { QueueObserver } from '../../runtime/queue/keyed-queue.ts';
import type { RunKey } from '../../tekton/run-key.ts';
import type { ControllerContext } from '../controller-context.ts';
import { recordsChildren } from '../../pipelines/records-children.ts';
import { childNoteKey, LEFT_BEHIND } from '../child-notes/child-note-key.ts';
import { recordingDelayMs } from '../child-notes/recording-delay.ts';
import { Attempts } from '../memory/records/attempts.ts';
import { ObjectStore } from '../memory/object-store.ts';
import { GuardObserver } from '../deletion-guard/guard-observer.ts';
import { ChangePropagation } from '../propagation/change-propagation.ts';
import { RecordDrain } from '../propagation/record-drain.ts';
import { VerificationReconciler } from '../provenance-record/read-back/verification-reconciler.ts';
import type { DeliveredRecord } from '../provenance-record/record-event-handler.ts';
import { Retirements } from '../provenance-record/retirement/retirements.ts';
import { LAST_STATES, LastStates } from '../run/last-states.ts';
import { type Admissions, type ControllerQueues, controllerQueues } from '../shares/controller-queues.ts';
import { backendLane } from '../shares/server-lanes.ts';
import { WorkerShares } from '../shares/worker-shares.ts';
import { admissions } from './admissions.ts';

/** The memory for the objects of queued runs, and for those of queued records. */
const CACHE_BYTES = 32 * 1024 * 1024;

/** The parts that the controllers, their watches and the work of shards have in common. */
export interface ControllerParts {
  readonly context: ControllerContext;
  readonly admissions: Admissions;
  readonly queues: ControllerQueues;
  readonly shares: WorkerShares;
  /** The objects of queued runs, and of queued records. */
  readonly caches: {
    readonly run: ByteBudgetCache<unknown, RunKey>;
    readonly 'provenance-record': ByteBudgetCache<DeliveredRecord, RecordKey>;
  };
  readonly lastStates: LastStates;
  readonly objects: {
    readonly policies: ObjectStore<PolicyKey>;
    readonly backends: ObjectStore<BackendKey>;
    /** By name. */
    readonly ceilings: ObjectStore<string>;
  };
  readonly attempts: Attempts;
  readonly drain: RecordDrain;
  readonly propagation: ChangePropagation;
  readonly verification: VerificationReconciler;
  readonly retirements: Retirements;
  readonly guards: GuardObserver;
}

export interface ControllerPartsOptions {
  readonly context: ControllerContext;
  readonly clock: Clock;
  readonly configuration: OperatorConfiguration;
  readonly queueObserver: (controller: string) => QueueObserver;
  /** Spreads retries and probes, 0 to 1; `Math.random` when absent. */
  readonly random?: () => number;
}

/** Makes the parts, empty, and lets changes of signers and suspicions about backends enqueue what they affect. */
export function controllerParts(options: ControllerPartsOptions): ControllerParts {
  const { context, clock, configuration, queueObserver: observer } = options;
  const spread = options.random === undefined ? {} : { random: options.random };
  const { minSeconds, maxSeconds } = configuration.retry;
  const backoff = exponentialBackoff({ minMs: minSeconds * 1000, maxMs: maxSeconds * 1000, ...spread });
  const objects = {
    policies: new ObjectStore<PolicyKey>(),
    backends: new ObjectStore<BackendKey>(),
    ceilings: new ObjectStore<string>(),
  };
  const caches = {
    run: new ByteBudgetCache<unknown, RunKey>(CACHE_BYTES, LAST_STATES),
    'provenance-record': new ByteBudgetCache<DeliveredRecord, RecordKey>(CACHE_BYTES),
  };
  const lastStates = new LastStates({ cache: caches.run, events: context.events });
  const admitted = admissions({ context, caches, objects });
  const queues = controllerQueues({ clock, backoff, observer, admissions: admitted });
  const attempts = new Attempts(clock, backoff);
  const shares = new WorkerShares(queues, configuration.concurrency);
  const { intervalSeconds } = configuration.verification;
  const lanes = shares.lanes.verification;
  const verification = new VerificationReconciler({ context, attempts, lanes, intervalSeconds, ...spread });
  const retirements = new Retirements({ context, queue: queues.retirement });
  const guards = new GuardObserver({ context, queue: queues['deletion-guard'] });
  const drain = recordDrain(context, queues, shares);
  const propagation = changePropagation(context, queues, drain);
  enqueueByServices(context, queues, propagation);
  return {
    ...{ context, admissions: admitted, queues, shares, caches, lastStates, objects },
    ...{ attempts, drain, propagation, verification, retirements, guards },
  };
}

function recordDrain(context: ControllerContext, queues: ControllerQueues, { lanes }: WorkerShares): RecordDrain {
  return new RecordDrain({
    queue: queues['provenance-record'],
    isOpen: (key) => {
      const record = context.records.get(key);
      const isOpen = record?.isSettled === false || record?.lacksAnnotation === true;
      return isOpen && context.shards.owns(namespaceOfRecord(key));
    },
    waitsFor: (backend, key) => {
      const { name } = backendLane(backend, parseObjectKey(key).namespace ?? '');
      return lanes['provenance-record'].isAwaiting(name, key);
    },
  });
}

function changePropagation(
  { pipelines, shards }: ControllerContext,
  queues: ControllerQueues,
  drain: RecordDrain,
): ChangePropagation {
  return new ChangePropagation({
    pipelines,
    policyQueue: queues['signing-policy'],
    backendQueue: queues['storage-backend'],
    ceilingQueue: queues['policy-ceiling'],
    resyncQueue: queues.resync,
    rescanQueue: queues.rescan,
    drain,
    owns: (namespace) => shards.owns(namespace),
  });
}

function enqueueByServices(
  { suspects, keys, gate, recordRoom, finishNotes, childNotes, pipelines }: ControllerContext,
  queues: ControllerQueues,
  propagation: ChangePropagation,
): void {
  finishNotes.onRecording((parent) => {
    queues['child-notes'].addAfter(childNoteKey(parent), recordingDelayMs(finishNotes.recorded(parent.uid)));
  });
  childNotes.onProblem(() => {
    const asking = pipelines.policies.filter((policy) => recordsChildren(policy));
    for (const policy of asking) queues['signing-policy'].add(policyKey(policy));
    // Nothing was removed while the operator was not allowed to.
    if (asking.length > 0 && childNotes.problem === undefined) queues['child-notes'].add(LEFT_BEHIND);
  });
  suspects.onSuspect((key) => {
    queues['storage-backend'].add(key);
  });
  recordRoom.onRoom((key) => {
    queues.run.add(key);
  });
  recordRoom.onChange((namespace) => {
    propagation.roomChanged(namespace);
  });
  // Re-queue the policy and its records when its active key changes.
  keys.onChange((policy, isWorking) => {
    propagation.policyKeyChanged(policy, { isWorking });
  });
  // The same for its trusted root and its log.
  gate.onChange((policy, isWorking) => {
    propagation.policyKeyChanged(policy, { isWorking });
  });
}
