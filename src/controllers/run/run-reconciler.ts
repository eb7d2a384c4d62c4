// SPDX-License-Identifier: Apache-2.0
import { canonicalJson } from '../../json/canonical-json.ts';
import { reasons } from '../../api/v1alpha1/reasons.ts';
import { isAlreadyExists, isConflict, isInvalid, isNamespaceGone, type KubeError } from '../../kube/kube-error.ts';
import { objectKey } from '../../kube/resource.ts';
import type { PolicyDefinition } from '../../pipelines/definitions.ts';
import type { ByteBudgetCache } from '../../runtime/byte-budget-cache.ts';
import { WaitingError } from '../../runtime/errors.ts';
import { inLanes } from '../../runtime/lanes/in-lanes.ts';
import { DEFERRED, DONE, type Outcome } from '../../runtime/outcome.ts';
import type { WorkerLanes } from '../../runtime/lanes/worker-lanes.ts';
import { SigningError } from '../../signing/signing-error.ts';
import { isRunKind } from '../../tekton/run-identity.ts';
import { summariseRun } from '../../tekton/run-summary.ts';
import type { ControllerContext } from '../controller-context.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { readBack } from '../provenance-record/read-own-write.ts';
import { type ForgedRecord, readRecord, type TrustedRecord } from '../../records/read-record.ts';
import { summariseRecord } from '../memory/record-index.ts';
import { boundedEvidence, type DraftEvidence, type RecordObject, sealedRecord } from '../../records/record-object.ts';
import { isProblem } from '../provenance-record/record-snapshot.ts';
import { signArtifacts } from '../provenance-record/signing/sign-artifacts.ts';
import { gatherRun } from './gather-run.ts';
import { planRun, type RecordDraft } from './plan-run.ts';
import { PolicyTurns } from './policy-turns.ts';
import type { RunSnapshot } from './run-snapshot.ts';
import { runResources } from './tekton-resources.ts';

const RESOURCE = hallmarkResource('ProvenanceRecord');
const LABELS = { 'app.kubernetes.io/managed-by': 'hallmark' };
/** A record that somebody keeps putting in our place is removed so often in one reconcile. */
const MAX_ADOPTIONS = 3;
/** After so long a run is looked at again whose record is left alone. */
const HELD_SECONDS = 3600;

export interface RunReconcilerOptions {
  readonly context: ControllerContext;
  /** The objects of queued runs. */
  readonly cache: ByteBudgetCache<unknown>;
  readonly lanes: WorkerLanes;
  readonly childrenDeadlineSeconds: number;
}

/** Turns one finished run into its records: payload, signature, one POST for each policy that selects it. */
export class RunReconciler {
  readonly #options: RunReconcilerOptions;
  readonly #context: ControllerContext;

  constructor(options: RunReconcilerOptions) {
    this.#options = options;
    this.#context = options.context;
  }

  /** @param key as runKey makes it: kind, namespace, name and UID */
  async reconcile(key: string, signal: AbortSignal): Promise<Outcome> {
    const [, namespace = ''] = key.split('/');
    // Other namespaces have their turn first; this run is woken then.
    const names = [{ name: `namespace ${namespace}`, perIdle: 1, isOuter: true as const }];
    return inLanes(this.#options.lanes, { key, names }, () => this.#advance(key, namespace, signal));
  }

  async #advance(key: string, namespace: string, signal: AbortSignal): Promise<Outcome> {
    const object = this.#options.cache.get(key) ?? (await this.#read(key, signal));
    if (object === undefined) return DONE;
    const turns = new PolicyTurns(this.#options.lanes, { key, namespace });
    try {
      return await this.#recordAll(object, turns, signal);
    } finally {
      turns.end();
    }
  }

  /** Each policy on its own: one that fails or hangs does not keep the others waiting. */
  async #recordAll(object: unknown, turns: PolicyTurns, signal: AbortSignal): Promise<Outcome> {
    const { childrenDeadlineSeconds } = this.#options;
    const admits = (policy: PolicyDefinition): boolean => turns.begin(policy);
    const snapshot = await gatherRun(this.#context, object, { childrenDeadlineSeconds, signal, admits });
    const failures: unknown[] = [...(snapshot?.failures ?? [])];
    if (snapshot !== undefined) {
      const records = planRun(snapshot).map(async (draft) => {
        try {
          await this.#record(snapshot, draft, signal);
        } finally {
          turns.endOf(draft.pending.pipeline.policy);
        }
      });
      for (const result of await Promise.allSettled(records))
        if (result.status === 'rejected') failures.push(result.reason);
    }
    if (failures.length > 0) throw failures[0];
    if (turns.areMissing) return DEFERRED;
    return snapshot === undefined ? DONE : this.#next(snapshot);
  }

  async #read(key: string, signal: AbortSignal): Promise<unknown> {
    const [kind, namespace, name = '', uid] = key.split('/');
    if (!isRunKind(kind)) return undefined;
    const object = await this.#context.client.find(runResources[kind], { namespace, name }, { signal });
    return summariseRun(object)?.uid === uid ? object : undefined;
  }

  async #record(snapshot: RunSnapshot, draft: RecordDraft, signal: AbortSignal): Promise<void> {
    // What is not signed now was bounded when it was made; if that was before, its policy may ask for more by now, and it stays all the same.
    const evidence = draft.mayBeSigned
      ? boundedEvidence(await this.#signed(draft, signal), draft.pending.pipeline.policy.spec)
      : draft.evidence;
    if (draft.pending.existing === undefined) await this.#create(snapshot, { ...draft, evidence }, signal);
    else await this.#extend(draft.pending.existing, { ...draft, evidence }, signal);
  }

  /** The evidence signed; or as it is, where the signer cannot sign now: the record is made all the same and signed later. */
  async #signed({ evidence, pending }: RecordDraft, signal: AbortSignal): Promise<DraftEvidence> {
    try {
      const { policy } = pending.pipeline;
      const signer = await this.#context.gate.signer(policy, signal);
      if (isProblem(signer)) return evidence;
      const signing = { signer, transparency: policy.spec.transparency, now: this.#context.clock.now() };
      return { ...evidence, artifacts: await signArtifacts(evidence.artifacts, signing) };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SigningError) return evidence;
      throw error;
    }
  }

  async #create(snapshot: RunSnapshot, draft: RecordDraft, signal: AbortSignal): Promise<void> {
    const name = { namespace: snapshot.summary.namespace, name: draft.pending.recordName };
    const metadata = { ...name, labels: LABELS };
    const object = sealedRecord(metadata, { spec: draft.spec, draft: draft.evidence }, this.#context.sealKey);
    for (let attempt = 0; attempt < MAX_ADOPTIONS; attempt += 1) {
      if (await this.#tryCreate(object, draft, signal)) return;
      const taken = await this.#context.client.find(RESOURCE, name, { signal });
      const read = taken === undefined ? undefined : readRecord(taken, this.#context.sealKey);
      if (read?.isTrusted === true) {
        this.#context.records.set(summariseRecord(read));
        return;
      }
      if (read !== undefined) await this.#removeForged(read, snapshot, signal);
    }
    throw new Error(`somebody keeps creating ProvenanceRecord ${objectKey(name)} in the operator's place`);
  }

  /** @returns false when the name is taken */
  async #tryCreate(object: RecordObject, draft: RecordDraft, signal: AbortSignal): Promise<boolean> {
    this.#context.fence();
    try {
      const write = this.#context.client.create(RESOURCE, object, { signal });
      const created = await this.#context.ownWrites.certain(objectKey(object.metadata), write);
      this.#remember(created, draft);
      return true;
    } catch (error) {
      if (isAlreadyExists(error)) return false;
      // The run is gone with its namespace. Any other 404, such as that of a CRD which is away, is tried again.
      if (isNamespaceGone(error)) return true;
      if (!isInvalid(error) || draft.evidence.artifacts.length === 0) throw error;
      await this.#createWithout(object, draft, { error, signal });
      // Somebody's webhook may have refused it, and take it once it is mended.
      throw error;
    }
  }

  /** A run whose evidence the API server refuses still gets its record, which says so. */
  async #createWithout(
    object: RecordObject,
    draft: RecordDraft,
    { error, signal }: { readonly error: KubeError; readonly signal: AbortSignal },
  ): Promise<void> {
    const parts = { spec: object.spec, draft: refusedEvidence(error) };
    this.#context.fence();
    const created = await this.#context.client.create(
      RESOURCE,
      sealedRecord(object.metadata, parts, this.#context.sealKey),
      { signal },
    );
    this.#remember(created, { ...draft, evidence: parts.draft });
  }

  #remember(created: unknown, { evidence }: RecordDraft): void {
    const read = readBack(this.#context, created);
    const summary = summariseRecord(read);
    this.#context.records.setCreated(summary);
    const isSigned = evidence.artifacts.some(({ signature }) => signature !== undefined);
    this.#context.observer.recordCreated({ key: summary.key, kind: read.object.spec.runRef.kind, isSigned });
  }

  async #removeForged(record: ForgedRecord, { summary }: RunSnapshot, signal: AbortSignal): Promise<void> {
    const { namespace, name, uid, why } = record;
    const verdict = this.#context.failingSeals.verdict(record);
    if (verdict !== 'Remove') {
      const message = `ProvenanceRecord ${name} is in the place of this run's and left alone for now: ${why}`;
      if (verdict === 'Wait') throw new WaitingError(reasons.VerificationFailed, message, 2);
      this.#context.events.record(summary, { type: 'Warning', reason: reasons.VerificationFailed, message });
      throw new WaitingError(reasons.VerificationFailed, message, HELD_SECONDS);
    }
    this.#context.fence();
    await this.#context.client.delete(RESOURCE, { namespace, name }, { signal, uid }).catch((error: unknown) => {
      if (!isConflict(error)) throw error;
    });
    const message = `ProvenanceRecord ${name} of this run was removed and made anew: ${why}`;
    this.#context.events.record(summary, { type: 'Warning', reason: reasons.VerificationFailed, message });
    this.#context.observer.recordRejected({ key: objectKey(record), why, isDeleted: true });
  }

  /** Adds to a record what was missing in it. */
  async #extend(existing: TrustedRecord, draft: RecordDraft, signal: AbortSignal): Promise<void> {
    const { metadata, spec, evidence } = existing.object;
    const { namespace, name, uid, resourceVersion } = metadata;
    const identity = { namespace, name, uid, resourceVersion };
    const parts = { spec: draft.spec, draft: draft.evidence };
    const sealed = sealedRecord(identity, parts, this.#context.sealKey);
    if (canonicalJson([spec, evidence]) === canonicalJson([sealed.spec, sealed.evidence])) return;
    this.#context.fence();
    const patch = {
      metadata: identity,
      spec: sealed.spec,
      evidence: { problem: null, ...sealed.evidence },
    };
    try {
      const write = this.#context.client.mergePatch(RESOURCE, patch, { signal });
      const written = await this.#context.ownWrites.certain(objectKey(metadata), write);
      const read = readBack(this.#context, written);
      this.#context.records.setWritten(summariseRecord(read), resourceVersion);
    } catch (error) {
      if (!isInvalid(error) || draft.evidence.artifacts.length === 0) throw error;
      await this.#extend(existing, { ...draft, evidence: refusedEvidence(error) }, signal);
      throw error;
    }
  }

  #next({ run, now, childrenDeadline }: RunSnapshot): Outcome {
    if ('reason' in run || now >= childrenDeadline) return DONE;
    const isWaiting =
      run.missingChildren.length > 0 ||
      run.children.some(({ object, outcome }) => object !== undefined && outcome === undefined);
    if (!isWaiting) return DONE;
    const untilDeadline = (childrenDeadline.getTime() - now.getTime()) / 1000;
    return { requeueAfterSeconds: Math.max(0.1, Math.min(5, untilDeadline)) };
  }
}

/** What is recorded of a run whose evidence the API server refuses. */
function refusedEvidence(error: KubeError): DraftEvidence {
  const message = `the record of this run is refused: ${error.message}`;
  return { artifacts: [], problem: { reason: reasons.PayloadInvalid, message } };
}
