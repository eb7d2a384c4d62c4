// SPDX-License-Identifier: Apache-2.0
import type { BackendRef } from '../../api/v1alpha1/provenance-record/schema.ts';
import { isConflict, isNotFound } from '../../kube/kube-error.ts';
import { objectMetadata } from '../../kube/object-metadata.ts';
import { objectKey, parseObjectKey } from '../../kube/resource.ts';
import type { ByteBudgetCache } from '../../runtime/byte-budget-cache.ts';
import { DONE, type Outcome } from '../../runtime/outcome.ts';
import type { ControllerContext } from '../controller-context.ts';
import { hallmarkResource } from '../hallmark-resource.ts';
import { amendRecord } from './amend-record.ts';
import { gatherRecord, WITNESSES } from './gather-record.ts';
import { type RecordPlan, planRecord } from './plan-record.ts';
import { prepareEvidence } from './prepare-evidence.ts';
import { readRecord, type TrustedRecord } from './read-record.ts';
import type { RecordSnapshot } from './record-snapshot.ts';
import { rejectRecord } from './reject-record.ts';
import type { StoreAttempts } from './store-attempts.ts';
import { storeRecord } from './store-record.ts';

/** Waits from here on are for retirement, or for a backend that is down for long. */
const LONG_SECONDS = 60;
const RESOURCE = hallmarkResource('ProvenanceRecord');

/** Takes one record as far as it can go: signs what is unsigned, stores what is not stored, says how it stands. */
export class RecordReconciler {
  readonly #context: ControllerContext;
  readonly #attempts: StoreAttempts;
  readonly #cache: ByteBudgetCache<unknown>;

  constructor(context: ControllerContext, attempts: StoreAttempts, cache: ByteBudgetCache<unknown>) {
    this.#context = context;
    this.#attempts = attempts;
    this.#cache = cache;
  }

  async reconcile(key: string, signal: AbortSignal): Promise<Outcome> {
    const object = this.#delivered(key) ?? (await this.#context.client.find(RESOURCE, parseObjectKey(key), { signal }));
    const record = object === undefined ? undefined : readRecord(object, this.#context.sealKey);
    if (record === undefined) return DONE;
    try {
      if (record.isTrusted) return this.#laidAside(key, object, await this.#advance(record, signal));
      return await rejectRecord(this.#context, record, object, signal);
    } catch (error) {
      // The record changed or went while we worked on it: what we kept of it is old, and what is there now decides.
      if (!isConflict(error) && !isNotFound(error)) throw error;
      this.#cache.release(key);
      return { requeueAfterSeconds: 0.5 };
    }
  }

  /** What the watch delivered, unless that is from before our own last write. */
  #delivered(key: string): unknown {
    const object = this.#cache.get(key);
    const version = objectMetadata(object)?.resourceVersion;
    return version === undefined || this.#context.ownWrites.mayPrecede(key, version) ? undefined : object;
  }

  /** A record that is not needed for long is read again then: its place is for those that are worked on. */
  #laidAside(key: string, object: unknown, outcome: Outcome): Outcome {
    const isLong = (outcome.requeueAfterSeconds ?? 0) >= LONG_SECONDS;
    if (isLong && this.#cache.get(key) === object) this.#cache.release(key);
    return outcome;
  }

  async #advance(record: TrustedRecord, signal: AbortSignal): Promise<Outcome> {
    if (record.object.metadata.deletionTimestamp !== undefined) return DONE;
    const snapshot = await gatherRecord(this.#context, this.#attempts, record, signal);
    const plan = planRecord(snapshot);
    if (plan.retire !== undefined) return this.#retire(record, plan.retire, signal);
    if (plan.bind !== undefined) return this.#bind(record, plan.bind, signal);
    const work = await prepareEvidence(this.#context, this.#attempts, { record, plan }, signal);
    await storeRecord(this.#context, this.#attempts, work, signal);
    return this.#next(snapshot, plan);
  }

  /** Promises the evidence to backends that were not there before; the watch brings the record back. */
  async #bind(record: TrustedRecord, backendRefs: readonly BackendRef[], signal: AbortSignal): Promise<Outcome> {
    const { spec, evidence } = record.object;
    await amendRecord(this.#context, record, { spec: { ...spec, backendRefs }, evidence: evidence ?? {} }, signal);
    return DONE;
  }

  async #retire(record: TrustedRecord, why: string, signal: AbortSignal): Promise<Outcome> {
    const { namespace, name, uid, resourceVersion } = record.object.metadata;
    this.#context.fence();
    await this.#context.client.delete(RESOURCE, { namespace, name }, { signal, uid, resourceVersion });
    this.#context.observer.recordRetired({ key: objectKey({ namespace, name }), why });
    return DONE;
  }

  #next({ record, backends }: RecordSnapshot, plan: RecordPlan): Outcome {
    const nowMs = this.#context.clock.now().getTime();
    // Past that time it waits for something else, of which it will hear.
    const isToRetire = plan.retiresAtMs !== undefined && plan.retiresAtMs > nowMs;
    const retiresIn = isToRetire ? Math.max(1, (plan.retiresAtMs - nowMs) / 1000) : undefined;
    // A parked backend has no time of its own: whoever parked it says when it goes on.
    const existing = backends.flatMap(({ ref, backend, parked }) =>
      backend === undefined || parked !== undefined ? [] : [`${ref.kind}/${ref.name}`],
    );
    const dueIn = this.#attempts.secondsUntilDue(objectKey(record.object.metadata), [...existing, WITNESSES]);
    const waits = [retiresIn, dueIn].filter((seconds) => seconds !== undefined);
    return waits.length === 0 ? DONE : { requeueAfterSeconds: Math.min(...waits) };
  }
}
