// SPDX-License-Identifier: Apache-2.0
import { fromEvidenceArtifact } from '../../evidence/evidence-artifact.ts';
import { isConflict, isNotFound } from '../../kube/kube-error.ts';
import { parseObjectKey } from '../../kube/resource.ts';
import { type Backoff, exponentialBackoff } from '../../runtime/backoff.ts';
import { DONE, type Outcome } from '../../runtime/outcome.ts';
import type { ControllerContext } from '../controller-context.ts';
import { hallmarkResource } from '../hallmark-resource.ts';
import type { ReadBackResult } from './evidence-verifier.ts';
import { gatherRecord } from './gather-record.ts';
import { planRecord } from './plan-record.ts';
import { readRecord, type TrustedRecord } from './read-record.ts';
import type { BackendFact } from './record-facts.ts';
import type { RecordSnapshot } from './record-snapshot.ts';
import type { StoreAttempts } from './store-attempts.ts';
import { writeRecordStatus } from './write-record-status.ts';

const RESOURCE = hallmarkResource('ProvenanceRecord');
/** Evidence that could not be read back yet is asked for again after so long, and ever less often. */
const UNREAD_SECONDS = 30;
const MAX_UNREAD_SECONDS = 3600;
/** Records that were stored together are spread over this part of the interval. */
const JITTER = 0.5;

export interface VerificationReconcilerOptions {
  readonly context: ControllerContext;
  readonly attempts: StoreAttempts;
  /** How often stored evidence is looked at again; 0 only until it was read back once. */
  readonly intervalSeconds: number;
  readonly random?: () => number;
}

/** Looks at what backends hold of a record that is stored: evidence that vanished or changed is said in the record. */
export class VerificationReconciler {
  readonly #options: VerificationReconcilerOptions;
  /** How often each record could not be read back, one time after the other. */
  readonly #unread = new Map<string, number>();
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
   * When a record that was just heard of is looked at, in seconds; undefined for never. Any time within the interval: whoever waited for
   * all of it after each restart would look at nothing where restarts come more often.
   */
  secondsUntilFirst(isVerified: boolean): number | undefined {
    const { intervalSeconds, random = Math.random } = this.#options;
    if (!isVerified) return UNREAD_SECONDS * (1 - JITTER * random());
    return intervalSeconds === 0 ? undefined : intervalSeconds * random();
  }

  async reconcile(key: string, signal: AbortSignal): Promise<Outcome> {
    const { context } = this.#options;
    const object = await context.client.find(RESOURCE, parseObjectKey(key), { signal });
    const record = object === undefined ? undefined : readRecord(object, context.sealKey);
    if (record?.isTrusted !== true || record.object.metadata.deletionTimestamp !== undefined) {
      this.#unread.delete(key);
      return DONE;
    }
    try {
      return this.#next(key, await this.#verify(record, signal));
    } catch (error) {
      // It changed while it was looked at: what is there now is looked at soon.
      if (!isConflict(error) && !isNotFound(error)) throw error;
      return { requeueAfterSeconds: 1 };
    }
  }

  /** @returns whether every backend that holds something could be asked */
  async #verify(record: TrustedRecord, signal: AbortSignal): Promise<boolean> {
    const { context, attempts } = this.#options;
    const snapshot = await gatherRecord(context, attempts, record, signal);
    const plan = planRecord(snapshot);
    if (plan.backends === undefined || plan.retire !== undefined) return true;
    let isComplete = true;
    const backends: BackendFact[] = [];
    for (const fact of plan.backends) {
      const verification = await this.#readBack(snapshot, fact, signal);
      if (verification === 'Unread') isComplete = false;
      backends.push(typeof verification === 'string' ? fact : { ...fact, verification });
    }
    await writeRecordStatus(context, record, { ...plan, backends }, signal);
    return isComplete;
  }

  async #readBack(
    { record, backends, policy }: RecordSnapshot,
    fact: BackendFact,
    signal: AbortSignal,
  ): Promise<ReadBackResult> {
    const { kind, name } = fact.backendRef;
    if (fact.state !== 'Stored' || fact.locations.length === 0) return 'Untold';
    const bound = backends.find(({ ref }) => ref.kind === kind && ref.name === name);
    if (bound?.backend === undefined) return 'Untold';
    if (bound.parked !== undefined) return 'Unread';
    const { context } = this.#options;
    const { spec, evidence, metadata } = record.object;
    const { namespace } = metadata;
    const run = { ...spec.runRef, namespace, serviceAccountName: spec.serviceAccountName, policy: record.policy };
    const artifacts = (evidence?.artifacts ?? []).map(fromEvidenceArtifact);
    const driver = context.drivers.driver(bound.backend);
    const { locations } = fact;
    const now = context.clock.now();
    const verification = await context.evidence.verify({ driver, artifacts, locations, run, policy, now }, signal);
    const result = typeof verification === 'string' ? 'Unread' : verification.state;
    context.observer.readBack({ type: bound.backend.spec.type, result });
    return verification;
  }

  #next(key: string, isComplete: boolean): Outcome {
    if (isComplete) {
      this.#unread.delete(key);
      const { intervalSeconds, random = Math.random } = this.#options;
      return intervalSeconds === 0 ? DONE : { requeueAfterSeconds: intervalSeconds * (1 - JITTER * random()) };
    }
    const failures = (this.#unread.get(key) ?? 0) + 1;
    this.#unread.set(key, failures);
    return { requeueAfterSeconds: this.#backoff.delayMs(failures) / 1000 };
  }
}
