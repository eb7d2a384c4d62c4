// SPDX-License-Identifier: Apache-2.0
import { isConflict, isNotFound } from '../../kube/kube-error.ts';
import { objectKey, parseObjectKey } from '../../kube/resource.ts';
import type { ByteBudgetCache } from '../../runtime/byte-budget-cache.ts';
import { DONE, type Outcome } from '../../runtime/outcome.ts';
import type { KeySigner } from '../../signing/key-signer.ts';
import type { ControllerContext } from '../controller-context.ts';
import { hallmarkResource } from '../hallmark-resource.ts';
import { gatherRecord } from './gather-record.ts';
import { type RecordPlan, planRecord } from './plan-record.ts';
import { readRecord, type TrustedRecord } from './read-record.ts';
import { summariseRecord } from './record-index.ts';
import { sealedRecord } from './record-object.ts';
import { rejectRecord } from './reject-record.ts';
import { signArtifacts } from './sign-artifacts.ts';
import type { StoreAttempts } from './store-attempts.ts';
import { storeRecord } from './store-record.ts';

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
    const object = this.#cache.get(key) ?? (await this.#context.client.find(RESOURCE, parseObjectKey(key), { signal }));
    const record = object === undefined ? undefined : readRecord(object, this.#context.sealKey);
    if (record === undefined) return DONE;
    try {
      if (record.isTrusted) return await this.#advance(record, signal);
      return await rejectRecord(this.#context, record, object, signal);
    } catch (error) {
      // The record changed or went while we worked on it: what we kept of it is old, and what is there now decides.
      if (!isConflict(error) && !isNotFound(error)) throw error;
      this.#cache.release(key);
      return { requeueAfterSeconds: 0.5 };
    }
  }

  async #advance(record: TrustedRecord, signal: AbortSignal): Promise<Outcome> {
    if (record.object.metadata.deletionTimestamp !== undefined) return DONE;
    const snapshot = await gatherRecord(this.#context, this.#attempts, record, signal);
    const plan = planRecord(snapshot);
    if (plan.retire !== undefined) return this.#retire(record, plan.retire, signal);
    const signed = plan.sign === undefined ? record : await this.#sign(record, plan.sign, signal);
    await storeRecord(this.#context, this.#attempts, { record: signed, plan }, signal);
    return this.#next(signed, plan);
  }

  /** Writes the signatures down before anything leaves the cluster. */
  async #sign(record: TrustedRecord, signer: KeySigner, signal: AbortSignal): Promise<TrustedRecord> {
    const { metadata, spec, evidence } = record.object;
    const { namespace, name, uid, resourceVersion } = metadata;
    const artifacts = await signArtifacts(evidence?.artifacts ?? [], signer);
    const identity = { namespace, name, uid, resourceVersion };
    const sealed = sealedRecord(identity, { spec, draft: { artifacts } }, this.#context.sealKey);
    this.#context.fence();
    const patch = { metadata: identity, evidence: sealed.evidence };
    const written = await this.#context.client.mergePatch(RESOURCE, patch, { signal });
    const read = readRecord(written, this.#context.sealKey);
    if (read?.isTrusted !== true) throw new Error(`record ${namespace}/${name} does not read back as it was sealed`);
    this.#context.records.set(summariseRecord(read));
    return read;
  }

  async #retire(record: TrustedRecord, why: string, signal: AbortSignal): Promise<Outcome> {
    const { namespace, name, uid, resourceVersion } = record.object.metadata;
    this.#context.fence();
    await this.#context.client.delete(RESOURCE, { namespace, name }, { signal, uid, resourceVersion });
    this.#context.observer.recordRetired({ key: objectKey({ namespace, name }), why });
    return DONE;
  }

  #next(record: TrustedRecord, plan: RecordPlan): Outcome {
    const nowMs = this.#context.clock.now().getTime();
    const retiresIn = plan.retiresAtMs === undefined ? undefined : Math.max(1, (plan.retiresAtMs - nowMs) / 1000);
    const dueIn = this.#attempts.secondsUntilDue(objectKey(record.object.metadata));
    const waits = [retiresIn, dueIn].filter((seconds) => seconds !== undefined);
    return waits.length === 0 ? DONE : { requeueAfterSeconds: Math.min(...waits) };
  }
}
