// SPDX-License-Identifier: Apache-2.0
import { heldArtifact } from '../../../evidence/evidence-artifact.ts';
import { isConflict, isNotFound } from '../../../kube/kube-error.ts';
import { parseObjectKey } from '../../../kube/resource.ts';
import { type Backoff, exponentialBackoff } from '../../../runtime/queue/backoff.ts';
import { inLanes } from '../../../runtime/lanes/in-lanes.ts';
import { DEFERRED, DONE, type Outcome } from '../../../runtime/queue/outcome.ts';
import type { Reconciler } from '../../../runtime/queue/reconciler.ts';
import type { WorkerLanes } from '../../../runtime/lanes/worker-lanes.ts';
import { runTarget } from '../../../storage/run-target.ts';
import type { ControllerContext } from '../../controller-context.ts';
import { hallmarkResource } from '../../../kube/hallmark-resource.ts';
import type { ReadBackResult } from '../../policy-services/evidence-verifier.ts';
import { gatherRecord } from '../gather-record.ts';
import { planRecord } from '../plan-record.ts';
import { readRecord, type TrustedRecord } from '../../../records/read-record.ts';
import type { BackendFact } from '../../../records/status/record-facts.ts';
import type { BoundBackend, RecordSnapshot } from '../state/record-snapshot.ts';
import type { Attempts } from '../../memory/records/attempts.ts';
import { writeRecordStatus } from '../state/write-record-status.ts';
import { recordKey, type RecordKey } from '../../../records/record-key.ts';
import { backendLane } from '../../shares/server-lanes.ts';

const RESOURCE = hallmarkResource('ProvenanceRecord');
/** The first pause before evidence that could not be read back is read again; later pauses grow. */
const UNREAD_SECONDS = 30;
const MAX_UNREAD_SECONDS = 3600;
/** Spreads records that were stored together over this part of the interval. */
const JITTER = 0.5;

export interface VerificationReconcilerOptions {
  readonly context: ControllerContext;
  readonly attempts: Attempts;
  readonly lanes: WorkerLanes<RecordKey>;
  /** The interval between read-backs; 0 reads each record back only once. */
  readonly intervalSeconds: number;
  readonly random?: () => number;
}

interface ReadBackTask {
  readonly key: RecordKey;
  readonly fact: BackendFact;
}

interface ReadBackOutcome {
  readonly fact: BackendFact;
  /** True when the backend has no room for another record now. */
  readonly isDeferred: boolean;
}

/** Reads back what backends hold of a record, and reports evidence that vanished or changed. */
export class VerificationReconciler implements Reconciler<RecordKey> {
  readonly #options: VerificationReconcilerOptions;
  readonly #backoff: Backoff;

  constructor(options: VerificationReconcilerOptions) {
    this.#options = options;
    const { random } = options;
    this.#backoff = exponentialBackoff({
      minMs: UNREAD_SECONDS * 1000,
      maxMs: MAX_UNREAD_SECONDS * 1000,
      ...(random === undefined ? {} : { random }),
    });
  }

  /**
   * Seconds until the first read-back of a record that the watch delivered; undefined for never. It is any time within the interval:
   * waiting for all of it after each restart would read nothing back where restarts come more often.
   */
  secondsUntilFirst(isVerified: boolean): number | undefined {
    const { intervalSeconds, random = Math.random } = this.#options;
    if (!isVerified) return UNREAD_SECONDS * (1 - JITTER * random());
    return intervalSeconds === 0 ? undefined : intervalSeconds * random();
  }

  async reconcile(key: RecordKey, signal: AbortSignal): Promise<Outcome> {
    const { namespace } = parseObjectKey(key);
    const names = [{ name: `namespace ${namespace}`, perIdle: 1, isOuter: true as const }];
    return inLanes(this.#options.lanes, { key, names }, () => this.#verifyRecord(key, signal));
  }

  async #verifyRecord(key: RecordKey, signal: AbortSignal): Promise<Outcome> {
    const { context } = this.#options;
    const object = await context.client.find(RESOURCE, parseObjectKey(key), { signal });
    const record = object === undefined ? undefined : readRecord(object, context.sealKey, context);
    if (record?.isTrusted !== true || record.object.metadata.deletionTimestamp !== undefined) {
      context.readBackRounds.forget(key);
      return DONE;
    }
    try {
      // The record is woken when those backends have room.
      if ((await this.#readBackAll(record, signal)) === 'Deferred') return DEFERRED;
      return this.#next(key);
    } catch (error) {
      // The record changed meanwhile: read the new version back soon.
      if (!isConflict(error) && !isNotFound(error)) throw error;
      return { requeueAfterSeconds: 1 };
    }
  }

  /** Reads back from all backends in parallel, so that a backend that hangs holds up no other. */
  async #readBackAll(record: TrustedRecord, signal: AbortSignal): Promise<'Done' | 'Deferred'> {
    const { context, attempts } = this.#options;
    const snapshot = await gatherRecord(context, attempts, record, signal);
    const plan = planRecord(snapshot);
    if (plan.action === 'Retire' || plan.facts.backends === undefined) return 'Done';
    const { facts } = plan;
    const held = plan.facts.backends;
    const key = recordKey(record.object.metadata);
    const readBacks = held.map((fact) => this.#readBackFrom(snapshot, { key, fact }, signal));
    const settled = await Promise.allSettled(readBacks);
    // An error of one backend must not hide what the others hold.
    const backends = settled
      .map((result, index) => {
        if (result.status === 'fulfilled') return result.value.fact;
        const fact = held[index];
        return fact === undefined ? undefined : { ...fact, unread: unreadBy(result.reason) };
      })
      .filter((fact) => fact !== undefined);
    await writeRecordStatus(context, record, { ...facts, backends }, signal);
    for (const result of settled) if (result.status === 'rejected') throw result.reason;
    return settled.some((result) => result.status === 'fulfilled' && result.value.isDeferred) ? 'Deferred' : 'Done';
  }

  async #readBackFrom(
    snapshot: RecordSnapshot,
    { key, fact }: ReadBackTask,
    signal: AbortSignal,
  ): Promise<ReadBackOutcome> {
    const { kind, name } = fact.backendRef;
    const bound = snapshot.backends.find(({ ref }) => ref.kind === kind && ref.name === name);
    const isHolding = fact.state === 'Stored' && fact.locations.length > 0;
    const { backend, parked } = bound ?? {};
    if (!isHolding || backend === undefined || this.#options.context.readBackRounds.isRead(key, fact))
      return { fact, isDeferred: false };
    if (parked !== undefined) return this.#outcome(key, fact, 'Unread');
    const { namespace } = snapshot.record.object.metadata;
    const leave = this.#options.lanes.enter([backendLane(backend, namespace)], key);
    if (leave === undefined) return { fact, isDeferred: true };
    try {
      return this.#outcome(key, fact, await this.#readBack(snapshot, { fact, backend }, signal));
    } finally {
      leave();
    }
  }

  #outcome(key: RecordKey, fact: BackendFact, result: ReadBackResult): ReadBackOutcome {
    const noted = typeof result === 'string' ? fact : { ...fact, verification: result };
    this.#options.context.readBackRounds.note(key, noted, { isUnread: result === 'Unread' });
    return { fact: noted, isDeferred: false };
  }

  async #readBack(
    { record, policy }: RecordSnapshot,
    { fact, backend }: { readonly fact: BackendFact; readonly backend: NonNullable<BoundBackend['backend']> },
    signal: AbortSignal,
  ): Promise<ReadBackResult> {
    const { context } = this.#options;
    const { spec, evidence, metadata } = record.object;
    const { namespace } = metadata;
    const run = runTarget({ ...spec, ...spec.runRef, namespace }, record.policy);
    const artifacts = (evidence?.artifacts ?? []).map(heldArtifact);
    const driver = context.drivers.driver(backend);
    const { locations } = fact;
    const now = context.clock.now();
    const verification = await context.evidence.verify({ driver, artifacts, locations, run, policy, now }, signal);
    const result = typeof verification === 'string' ? 'Unread' : verification.state;
    context.observer.readBack({ type: backend.spec.type, result });
    return verification;
  }

  #next(key: RecordKey): Outcome {
    const { context, intervalSeconds, random = Math.random } = this.#options;
    // The record was deleted meanwhile.
    if (context.records.get(key) === undefined) {
      context.readBackRounds.forget(key);
      return DONE;
    }
    const failures = context.readBackRounds.end(key);
    if (failures > 0) return { requeueAfterSeconds: this.#backoff.delayMs(failures) / 1000 };
    return intervalSeconds === 0
      ? DONE
      : { requeueAfterSeconds: intervalSeconds * (1 - JITTER * random()), isIdle: true };
  }
}

/** The text of an unexpected error may contain anything: the record reports that there was one, and the log has the text. */
function unreadBy(error: unknown): string {
  const name = error instanceof Error ? error.name : typeof error;
  return `reading it back failed with an unexpected ${name}, see the operator's log; it is tried again`;
}
