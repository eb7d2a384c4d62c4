// SPDX-License-Identifier: Apache-2.0
import type { BackendRef } from '../../api/v1alpha1/provenance-record/schema.ts';
import { reasons } from '../../api/v1alpha1/reasons.ts';
import { isConflict, isInvalid, isNotFound } from '../../kube/kube-error.ts';
import { parseObjectKey } from '../../kube/resource.ts';
import type { ByteBudgetCache } from '../../runtime/cache/byte-budget-cache.ts';
import { DEFERRED, DONE, type Outcome } from '../../runtime/queue/outcome.ts';
import type { Reconciler } from '../../runtime/queue/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { policyLane } from '../shares/server-lanes.ts';
import { unsignedSnapshot, withSigner } from './gather-record.ts';
import { planRecord } from './plan-record.ts';
import { type PreparedEvidence, prepareEvidence } from './signing/prepare-evidence.ts';
import type { StatusFacts } from '../../records/status/record-facts.ts';
import type { TrustedRecord } from '../../records/read-record.ts';
import { type DeliveredRecord, projectRecord } from './record-event-handler.ts';
import type { RecordSnapshot } from './state/record-snapshot.ts';
import { rejectRecord } from './reject-record.ts';
import { resealRecord } from './reseal-record.ts';
import { retireRecord, retiringRecord } from './retirement/retire-record.ts';
import type { Attempts } from '../memory/records/attempts.ts';
import type { LaneName, WorkerLanes } from '../../runtime/lanes/worker-lanes.ts';
import { storeRecord, type Waits } from './storing/store-record.ts';
import { writeRecordStatus } from './state/write-record-status.ts';
import { secondsUntilWitnesses } from './signing/witness-turns.ts';
import { namespaceOfRecord, recordKey, type RecordKey } from '../../records/record-key.ts';
import { backendKey } from '../../pipelines/backend-key.ts';
import type { AdvancePlan, DropPlan, WaitPlan } from './state/record-plan.ts';

/** Waits from here on are for retirement, or for a backend that is down for long. */
const LONG_SECONDS = 60;
/** The shortest pause before work that was due and not tried, whatever kept it from being tried. */
const SHORT_SECONDS = 0.5;
const RESOURCE = hallmarkResource('ProvenanceRecord');

export interface RecordReconcilerOptions {
  readonly context: ControllerContext;
  readonly attempts: Attempts;
  readonly lanes: WorkerLanes<RecordKey>;
  /** The objects of queued records. */
  readonly cache: ByteBudgetCache<DeliveredRecord, RecordKey>;
}

/** Takes one record as far as it can go: signs it, stores it, and reports its state. */
export class RecordReconciler implements Reconciler<RecordKey> {
  readonly #context: ControllerContext;
  readonly #attempts: Attempts;
  readonly #lanes: WorkerLanes<RecordKey>;
  readonly #cache: ByteBudgetCache<DeliveredRecord, RecordKey>;

  constructor(options: RecordReconcilerOptions) {
    this.#context = options.context;
    this.#attempts = options.attempts;
    this.#lanes = options.lanes;
    this.#cache = options.cache;
  }

  async reconcile(key: RecordKey, signal: AbortSignal): Promise<Outcome> {
    const delivered = this.#delivered(key) ?? (await this.#find(key, signal));
    if (delivered === undefined) return DONE;
    const { read: record, object } = delivered;
    try {
      if (record.isTrusted) return this.#laidAside(key, delivered, await this.#take(record, signal));
      return await rejectRecord(this.#context, record, object, signal);
    } catch (error) {
      // The cached record may be stale, whatever failed: the next reconcile reads it.
      this.#cache.release(key);
      if (!isConflict(error) && !isNotFound(error)) throw error;
      return { requeueAfterSeconds: 0.5 };
    } finally {
      if (this.#context.records.get(key) === undefined) this.#forget(key);
    }
  }

  /** The record was deleted during the reconcile, after the event handler had forgotten it: drop what the reconcile left behind. */
  #forget(key: RecordKey): void {
    this.#attempts.forget(key);
    this.#context.quietTurns.end(key);
    this.#context.unconfirmedStores.forget(key);
    this.#context.unrecordedTestimonies.forget(key);
    this.#context.ownWrites.forget(key);
  }

  /** The record that the watch delivered, unless it may be older than the last write of this replica or of an earlier holder. */
  #delivered(key: RecordKey): DeliveredRecord | undefined {
    if (this.#context.shards.isUncertain(namespaceOfRecord(key))) return undefined;
    const delivered = this.#cache.get(key);
    if (delivered === undefined) return undefined;
    const { resourceVersion } = delivered.read.isTrusted ? delivered.read.object.metadata : delivered.read;
    return this.#context.ownWrites.mayPrecede(key, resourceVersion) ? undefined : delivered;
  }

  async #find(key: RecordKey, signal: AbortSignal): Promise<DeliveredRecord | undefined> {
    const object = await this.#context.client.find(RESOURCE, parseObjectKey(key), { signal });
    return object === undefined ? undefined : projectRecord(object, this.#context);
  }

  /** Releases a record that is not needed for long, to make room for records that are worked on. */
  #laidAside(key: RecordKey, delivered: DeliveredRecord, outcome: Outcome): Outcome {
    const isLong = (outcome.requeueAfterSeconds ?? 0) >= LONG_SECONDS;
    if (isLong && this.#cache.get(key) === delivered) this.#cache.release(key);
    return outcome;
  }

  /** Records what witnesses returned earlier, where that write failed. */
  async #recordTestimonies(record: TrustedRecord, signal: AbortSignal): Promise<TrustedRecord> {
    const artifacts = this.#context.unrecordedTestimonies.missingIn(record);
    if (artifacts === undefined) return record;
    const { spec, evidence } = record.object;
    return this.#context.writer.amend(record, { spec, evidence: { ...evidence, artifacts } }, signal);
  }

  async #take(delivered: TrustedRecord, signal: AbortSignal): Promise<Outcome> {
    if (delivered.object.metadata.deletionTimestamp !== undefined) return DONE;
    try {
      return await this.#takeFurther(await resealRecord(this.#context, delivered, signal), signal);
    } catch (error) {
      if (delivered.needsReseal !== true || !isInvalid(error)) throw error;
      // A record that the API server takes no new seal of goes on with its earlier one: it may be stored, and retires.
      await this.#takeFurther(delivered, signal);
      throw error;
    }
  }

  async #takeFurther(delivered: TrustedRecord, signal: AbortSignal): Promise<Outcome> {
    const record = await this.#recordTestimonies(delivered, signal);
    const unsigned = await unsignedSnapshot(this.#context, this.#attempts, record, signal);
    const { signerOf } = unsigned;
    if (signerOf === undefined) return this.#act(unsigned.snapshot, signal);
    const { namespace } = record.object.metadata;
    const names = [namespaceLane(record), policyLane(signerOf, namespace)];
    // A signer that hangs holds up the records of its policy alone.
    const leave = this.#lanes.enter(names, recordKey(record.object.metadata));
    if (leave === undefined) return DEFERRED;
    try {
      return await this.#act(await withSigner(this.#context, unsigned, signal), signal, leave);
    } finally {
      leave();
    }
  }

  /** @param leaveSigner leaves the lane of the signer, which storing does not need */
  async #act(snapshot: RecordSnapshot, signal: AbortSignal, leaveSigner?: () => void): Promise<Outcome> {
    const { record } = snapshot;
    const plan = planRecord(snapshot);
    if (plan.action === 'Retire') return retireRecord(this.#context, retiringRecord(record), plan.why, signal);
    if (plan.action === 'Bind') return this.#bind(record, plan.backendRefs, signal);
    try {
      if (plan.action === 'Wait') return await this.#wait(record, plan, signal);
      if (plan.action === 'Drop') return await this.#dropPayloads(record, plan, signal);
      return await this.#advance(snapshot, plan, signal, leaveSigner);
    } catch (error) {
      await this.#reportRefused(record, plan.facts, error, signal);
      throw error;
    }
  }

  async #wait(record: TrustedRecord, plan: WaitPlan, signal: AbortSignal): Promise<Outcome> {
    const key = recordKey(record.object.metadata);
    this.#context.quietTurns.end(key);
    await writeRecordStatus(this.#context, record, plan.facts, signal);
    return soonest([this.#retiresIn(key, plan)]);
  }

  /** The status says where the evidence is before the payloads are dropped, and is about the new generation after that. */
  async #dropPayloads(record: TrustedRecord, plan: DropPlan, signal: AbortSignal): Promise<Outcome> {
    const { artifacts, facts } = plan;
    const stated = await writeRecordStatus(this.#context, record, facts, signal);
    const { spec, evidence } = stated.object;
    const lighter = await this.#context.writer.amend(stated, { spec, evidence: { ...evidence, artifacts } }, signal);
    await writeRecordStatus(this.#context, lighter, facts, signal);
    return soonest([this.#retiresIn(recordKey(record.object.metadata), plan)]);
  }

  async #advance(
    snapshot: RecordSnapshot,
    plan: AdvancePlan,
    signal: AbortSignal,
    leaveSigner?: () => void,
  ): Promise<Outcome> {
    const { record } = snapshot;
    const lanes = workLanes(record, plan);
    const leave = this.#lanes.enter(lanes.whole, recordKey(record.object.metadata));
    // Other namespaces have their turn first; this record is woken then.
    if (leave === undefined) return DEFERRED;
    try {
      const prepared = await this.#prepare(record, plan, lanes.preparing, signal);
      if (prepared === undefined) return DEFERRED;
      leaveSigner?.();
      const storing = { attempts: this.#attempts, lanes: this.#lanes };
      const work = { ...prepared, store: prepared.isReady ? plan.store : [] };
      return this.#next(snapshot, plan, await storeRecord(this.#context, storing, work, signal));
    } finally {
      leave();
    }
  }

  /** Reports a write that the API server refuses in the status: a silent retry would look like progress. */
  async #reportRefused(record: TrustedRecord, facts: StatusFacts, error: unknown, signal: AbortSignal): Promise<void> {
    if (!isInvalid(error)) return;
    const message = `the API server refuses what is to be written into this record; it is tried again: ${error.message}`;
    const unsigned = { reason: reasons.PayloadInvalid, message };
    await writeRecordStatus(this.#context, record, { ...facts, unsigned }, signal);
  }

  /** @returns undefined when the policy's signer or witnesses have enough to do already */
  async #prepare(
    record: TrustedRecord,
    plan: AdvancePlan,
    names: readonly LaneName[],
    signal: AbortSignal,
  ): Promise<PreparedEvidence | undefined> {
    const leave = this.#lanes.enter(names, recordKey(record.object.metadata));
    if (leave === undefined) return undefined;
    try {
      return await prepareEvidence(this.#context, this.#attempts, { record, plan }, signal);
    } finally {
      leave();
    }
  }

  /** Binds the record to backends that were not there before; the watch brings the record back. */
  async #bind(record: TrustedRecord, backendRefs: readonly BackendRef[], signal: AbortSignal): Promise<Outcome> {
    const { spec, evidence } = record.object;
    const parts = { spec: { ...spec, backendRefs }, evidence: evidence ?? {} };
    await this.#context.writer.amend(record, parts, signal);
    return DONE;
  }

  #next(snapshot: RecordSnapshot, plan: AdvancePlan, { deferred, quietSeconds }: Waits): Outcome {
    const { record, backends } = snapshot;
    // A backend that is parked or busy has no time of its own: its probe or its lane wakes the record.
    const open = backends.filter(
      ({ backend, parked }) => backend !== undefined && parked === undefined && !deferred.includes(backendKey(backend)),
    );
    const key = recordKey(record.object.metadata);
    const stores = open.map(({ ref }) => ({ of: 'Store', record: key, backend: ref }) as const);
    const dueIn = this.#attempts.secondsUntilDue([...stores, { of: 'Annotate', record: key }]);
    const waits = [this.#retiresIn(key, plan), quietSeconds, dueIn, this.#witnessesIn(snapshot, plan)];
    return { ...soonest(waits), ...(deferred.length > 0 ? { waitsForTurn: true } : {}) };
  }

  /** Seconds until a record that is not settled retires all the same. Past that time it waits for something that has its own event. */
  #retiresIn(key: RecordKey, { retiresAtMs }: WaitPlan | DropPlan | AdvancePlan): number | undefined {
    const nowMs = this.#context.clock.now().getTime();
    if (retiresAtMs === undefined || retiresAtMs <= nowMs) return undefined;
    return this.#context.records.get(key)?.isSettled === false ? Math.max(1, (retiresAtMs - nowMs) / 1000) : undefined;
  }

  /** Seconds until the witnesses are asked again. Those that were due and not asked wait for a key or a policy, which has its own event. */
  #witnessesIn({ record, areWitnessesDue }: RecordSnapshot, { facts }: AdvancePlan): number | undefined {
    if (facts.logging?.state !== 'Pending') return undefined;
    const seconds = secondsUntilWitnesses(this.#attempts, record);
    return seconds > 0 || areWitnessesDue !== true ? seconds : undefined;
  }
}

function soonest(waits: readonly (number | undefined)[]): Outcome {
  const seconds = waits.filter((wait) => wait !== undefined);
  return seconds.length === 0 ? DONE : { requeueAfterSeconds: Math.max(SHORT_SECONDS, Math.min(...seconds)) };
}

/** More than any one backend of the namespace may hold, so that its backends do not starve each other either. */
function namespaceLane({ object }: TrustedRecord): LaneName {
  return { name: `namespace ${object.metadata.namespace}`, perIdle: 3, isOuter: true };
}

/** The lanes of all the work on a record, and those of signing and witnessing. Without work, there are none. */
function workLanes(
  record: TrustedRecord,
  { sign, witness, store }: AdvancePlan,
): Readonly<Record<'whole' | 'preparing', readonly LaneName[]>> {
  const isPreparing = sign !== undefined || witness;
  return {
    whole: isPreparing || store.length > 0 ? [namespaceLane(record)] : [],
    preparing: isPreparing ? [policyLane(record.policy, record.object.metadata.namespace)] : [],
  };
}
