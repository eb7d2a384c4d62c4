// SPDX-License-Identifier: Apache-2.0
import { isConflict } from '../../../kube/kube-error.ts';
import type { KeyedQueue } from '../../../runtime/queue/keyed-queue.ts';
import { DONE, type Outcome } from '../../../runtime/queue/outcome.ts';
import type { Reconciler } from '../../../runtime/queue/reconciler.ts';
import type { ControllerContext } from '../../controller-context.ts';
import type { RecordSummary } from '../../../records/record-summary.ts';
import { GracePeriods } from '../../memory/grace-periods.ts';
import { retireRecord, type RetiringContext } from './retire-record.ts';
import { retirement } from '../../../records/retirement.ts';
import { policyKey, type PolicyKey, type PolicyName } from '../../../pipelines/policy-key.ts';
import { namespaceOfRecord, type RecordKey } from '../../../records/record-key.ts';

/** Within this time the watch has delivered the change that a deletion met. */
const CONFLICT_SECONDS = 1;
/** The most by which the clocks of two replicas are apart. */
const CLOCKS_APART_MS = 60_000;
/** A deleted policy may come back in a moment, with a retention longer than its records froze. */
const POLICY_GONE = { uid: '', generation: 0, reason: 'PolicyDeleted' };

export interface RetirementsOptions {
  readonly context: RetiringContext & Pick<ControllerContext, 'clock'>;
  readonly queue: KeyedQueue<RecordKey>;
}

/**
 * Removes settled records when they retire. The index decides; neither the record nor its run is read. Records that are not settled retire
 * in the record controller, which knows what they wait for.
 */
export class Retirements implements Reconciler<RecordKey> {
  readonly #context: RetirementsOptions['context'];
  readonly #queue: KeyedQueue<RecordKey>;
  /** For deleted policies: their records are kept until the grace ends. */
  readonly #graces: GracePeriods<PolicyKey>;

  constructor({ context, queue }: RetirementsOptions) {
    this.#context = context;
    this.#queue = queue;
    this.#graces = new GracePeriods(context.clock);
  }

  /** Plans the retirement of a record by the current retention, in place of an earlier plan. */
  plan(record: RecordSummary): void {
    this.#queue.remove(record.key);
    const leftMs = this.#leftMs(record);
    if (leftMs < Infinity) this.#queue.addIdleAfter(record.key, leftMs);
  }

  /** Forgets a record that is gone. */
  forget(key: RecordKey): void {
    this.#queue.remove(key);
  }

  /** True when another replica may have removed the record because it retired, whose clock may be ahead. */
  mayHaveRetired(record: RecordSummary): boolean {
    return this.#leftMs(record) <= CLOCKS_APART_MS;
  }

  /** Removes the record if it retires now. */
  async reconcile(key: RecordKey, signal: AbortSignal): Promise<Outcome> {
    const record = this.#context.records.get(key);
    const leftMs = record === undefined ? Infinity : this.#leftMs(record);
    if (record?.policy === undefined || record.retained === undefined || record.runKey === undefined) return DONE;
    if (leftMs === Infinity) return DONE;
    if (leftMs > 0) return { requeueAfterSeconds: leftMs / 1000, isIdle: true };
    const why = this.#isRunGone(record)
      ? 'its run is gone and the policy keeps records with their runs'
      : 'the policy keeps records for a time, which is over';
    try {
      const { uid, resourceVersion, policy, runKey, retained } = record;
      const retiring = { key, uid, resourceVersion, policy, runKey, completionTime: retained.completionTime };
      return { ...(await retireRecord(this.#context, retiring, why, signal)), isIdle: true };
    } catch (error) {
      if (isConflict(error)) return { requeueAfterSeconds: CONFLICT_SECONDS, isIdle: true };
      throw error;
    }
  }

  /** Milliseconds until the record retires; Infinity for one that is kept, or ends with its run. */
  #leftMs(record: RecordSummary): number {
    const { isSettled, policy, retained } = record;
    if (!isSettled || policy === undefined || retained === undefined) return Infinity;
    const nowMs = this.#context.clock.now().getTime();
    const definition = this.#context.pipelines.policy(policy);
    const { atMs = Infinity } = retirement(retained, definition?.spec, this.#maxSeconds(record));
    const dueMs = this.#isRunGone(record) ? nowMs : atMs;
    return Math.max(dueMs - nowMs, this.#graceMs(policy, definition !== undefined));
  }

  /** The limit for the policy's records in their namespace. */
  #maxSeconds({ key, policy }: RecordSummary): number {
    const { bounds } = this.#context.pipelines;
    return bounds.maxRetentionSeconds(namespaceOfRecord(key), policy ?? { kind: 'SigningPolicy' });
  }

  #isRunGone(record: RecordSummary): boolean {
    const { runKey, policy, retained } = record;
    if (runKey === undefined || policy === undefined || retained === undefined) return false;
    const { pipelines } = this.#context;
    const { withRun } = retirement(retained, pipelines.policy(policy)?.spec, this.#maxSeconds(record));
    return withRun && this.#context.runs.has(runKey) === false;
  }

  #graceMs(policy: PolicyName, exists: boolean): number {
    const key = policyKey(policy);
    if (!exists) return this.#graces.secondsLeft(key, POLICY_GONE, { wasOver: false }) * 1000;
    this.#graces.end(key);
    return 0;
  }
}
