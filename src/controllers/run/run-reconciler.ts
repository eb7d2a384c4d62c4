// SPDX-License-Identifier: Apache-2.0
import { reasons } from '../../api/v1alpha1/reasons.ts';
import { isInvalid, type KubeError } from '../../kube/kube-error.ts';
import { approximateSizeBytes } from '../../runtime/cache/approximate-size.ts';
import type { ByteBudgetCache } from '../../runtime/cache/byte-budget-cache.ts';
import { WaitingError } from '../../runtime/queue/waiting-error.ts';
import { inLanes } from '../../runtime/lanes/in-lanes.ts';
import { DEFERRED, DONE, type Outcome } from '../../runtime/queue/outcome.ts';
import type { Reconciler } from '../../runtime/queue/reconciler.ts';
import type { WorkerLanes } from '../../runtime/lanes/worker-lanes.ts';
import { SigningError } from '../../signing/signing-error.ts';
import { summariseRun } from '../../tekton/run-summary.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { ForgedRecord, TrustedRecord } from '../../records/read-record.ts';
import {
  boundedEvidence,
  type DraftEvidence,
  recordedEvidence,
  type RecordParts,
} from '../../records/record-object.ts';
import { toEvidenceArtifact } from '../../evidence/evidence-artifact.ts';
import { isLargePayload, packAhead } from '../../evidence/packed-payload.ts';
import { signArtifacts } from '../policy-services/sign-artifacts.ts';
import { ChildRoom, type RoomOfRun } from './child-room.ts';
import { gatherRun, type LackingPipeline, pendingPipelines } from './gather-run.ts';
import { followRun } from './note-finishes.ts';
import { makeArtifacts, planRecord, type RecordDraft } from './plan-run.ts';
import { PlacesOfRun } from './places-of-run.ts';
import { PolicyTurns } from './policy-turns.ts';
import type { PendingPipeline, RunSnapshot } from './run-snapshot.ts';
import { ServedPolicies } from './served-policies.ts';
import { runResources } from '../../kube/tekton-resources.ts';
import { parseRunKey, type RunKey } from '../../tekton/run-key.ts';
import { recordKey } from '../../records/record-key.ts';
import { isProblem } from '../../api/v1alpha1/problem.ts';

/** The number of times that one reconcile removes forged records under the name of its own. */
const MAX_ADOPTIONS = 3;
/** The wait before a run is reconciled again whose record is left alone. */
const HELD_SECONDS = 3600;

export interface RunReconcilerOptions {
  readonly context: ControllerContext;
  /** The objects of queued runs. */
  readonly cache: ByteBudgetCache<unknown, RunKey>;
  readonly lanes: WorkerLanes<RunKey>;
  readonly childrenDeadlineSeconds: number;
}

/** The shares of one reconcile. */
interface Shares {
  readonly key: RunKey;
  readonly turns: PolicyTurns;
  readonly room: RoomOfRun;
  readonly places: PlacesOfRun;
}

/** Turns one finished run into its records: payload, signature, one POST for each policy that selects it. */
export class RunReconciler implements Reconciler<RunKey> {
  readonly #options: RunReconcilerOptions;
  readonly #context: ControllerContext;
  readonly #childRoom = new ChildRoom();
  readonly #served: ServedPolicies;

  constructor(options: RunReconcilerOptions) {
    this.#options = options;
    this.#context = options.context;
    this.#served = new ServedPolicies(options.context);
  }

  async reconcile(key: RunKey, signal: AbortSignal): Promise<Outcome> {
    const { namespace } = parseRunKey(key);
    // The lanes wake this run once other namespaces have had their turn.
    const names = [{ name: `namespace ${namespace}`, perIdle: 1, isOuter: true as const }];
    return inLanes(this.#options.lanes, { key, names }, () => this.#advance(key, namespace, signal));
  }

  async #advance(key: RunKey, namespace: string, signal: AbortSignal): Promise<Outcome> {
    const turns = new PolicyTurns(this.#options.lanes, { key, namespace });
    const room = this.#childRoom.enter(namespace);
    const places = new PlacesOfRun(this.#context, key);
    try {
      const object = this.#options.cache.get(key) ?? (await this.#readAndKeep(key, signal));
      if (object === undefined) {
        places.done();
        return DONE;
      }
      const outcome = await this.#recordAll(object, { key, turns, room, places }, signal);
      this.#follow(object);
      return outcome;
    } finally {
      if (!turns.areMissing) this.#served.delete(key);
      turns.end();
      room.leave();
      places.end();
    }
  }

  /** It may have to wait for its turn, and is released when it ends. A newer version may have been delivered meanwhile. */
  async #readAndKeep(key: RunKey, signal: AbortSignal): Promise<unknown> {
    const { cache } = this.#options;
    const read = await this.#read(key, signal);
    const delivered = cache.get(key);
    if (delivered !== undefined) return delivered;
    if (read !== undefined) cache.put(key, { value: read, sizeBytes: approximateSizeBytes(read) });
    return read;
  }

  /** Once every record exists, the notes about the run have served. */
  #follow(object: unknown): void {
    const summary = summariseRun(object);
    if (summary !== undefined) followRun(this.#context, summary, pendingPipelines(this.#context, summary).length > 0);
  }

  /** Records each policy separately: one that fails or hangs does not delay the others. */
  async #recordAll(object: unknown, { key, turns, room, places }: Shares, signal: AbortSignal): Promise<Outcome> {
    const { childrenDeadlineSeconds } = this.#options;
    const summary = summariseRun(object);
    const admits = (lacking: LackingPipeline): boolean => {
      if (summary !== undefined && this.#served.has(key, summary, lacking)) return false;
      if (!places.admits(lacking)) return false;
      if (turns.begin(lacking.pipeline.policy)) return true;
      places.giveWay(lacking);
      return false;
    };
    const gathering = { childrenDeadlineSeconds, signal, admits, room };
    const snapshot = await this.#context.tracing.step(parseRunKey(key), { name: 'gather' }, () =>
      gatherRun(this.#context, object, gathering),
    );
    const failures: unknown[] = [...(snapshot?.failures ?? [])];
    if (snapshot !== undefined) {
      const records = snapshot.pending.map(async (pending) => {
        try {
          await this.#recordInPlace(snapshot, await this.#plan(snapshot, pending), places, signal);
        } finally {
          turns.endOf(pending.pipeline.policy);
        }
      });
      for (const result of await Promise.allSettled(records))
        if (result.status === 'rejected') failures.push(result.reason);
    }
    if (places.beganToWait) this.#reportWait(object, places);
    if (failures.length > 0) throw failureOf(failures);
    const next = snapshot === undefined ? DONE : this.#next(snapshot);
    if (turns.areMissing) {
      const areServed = places.problem === undefined && next.requeueAfterSeconds === undefined;
      if (snapshot !== undefined && areServed) this.#served.add(key, snapshot.summary, snapshot.pending);
      return DEFERRED;
    }
    if (next.requeueAfterSeconds === undefined) places.done();
    const waiting = places.waiting(next.requeueAfterSeconds);
    if (waiting !== undefined) throw waiting;
    return next;
  }

  /** Plans a large run in pieces: teams with many of them must not hold up the others. */
  async #plan(snapshot: RunSnapshot, pending: PendingPipeline): Promise<RecordDraft> {
    if (!snapshot.isHeavy) return planRecord(snapshot, pending);
    const { heavyWork } = this.#context;
    const { namespace } = snapshot.summary;
    const made = await heavyWork.result(namespace, () => makeArtifacts(snapshot, pending));
    const payloads = 'reason' in made ? [] : made.map(({ payload }) => payload).filter(isLargePayload);
    for (const payload of payloads) await heavyWork.result(namespace, () => packAhead(payload));
    return planRecord(snapshot, pending, made);
  }

  #reportWait(object: unknown, { problem: message }: PlacesOfRun): void {
    const summary = summariseRun(object);
    if (summary === undefined || message === undefined) return;
    this.#context.events.record(summary, { type: 'Warning', reason: reasons.CeilingExceeded, message });
  }

  async #recordInPlace(
    snapshot: RunSnapshot,
    planned: RecordDraft,
    places: PlacesOfRun,
    signal: AbortSignal,
  ): Promise<void> {
    const problem = places.refusal(planned.pending, planned);
    const draft = problem === undefined ? planned : { ...planned, evidence: { artifacts: [], problem }, toSign: [] };
    const leave = places.take(draft.pending, draft);
    if (leave === undefined) return;
    try {
      await this.#record(snapshot, draft, signal);
    } finally {
      leave();
    }
  }

  async #read(key: RunKey, signal: AbortSignal): Promise<unknown> {
    const { kind, namespace, name, uid } = parseRunKey(key);
    const object = await this.#context.client.find(runResources[kind], { namespace, name }, { signal });
    return summariseRun(object)?.uid === uid ? object : undefined;
  }

  async #record(snapshot: RunSnapshot, draft: RecordDraft, signal: AbortSignal): Promise<void> {
    // Unsigned evidence was bounded when it was made. It stays, even if its policy asks for more by now.
    const evidence =
      draft.toSign.length > 0
        ? boundedEvidence(await this.#traceSigning(snapshot, draft, signal), draft.pending.pipeline.policy.spec)
        : draft.evidence;
    try {
      await this.#write(snapshot, { ...draft, evidence }, signal);
    } catch (error) {
      if (!isInvalid(error) || evidence.artifacts.length === 0 || holdsArtifacts(draft)) throw error;
      // A run whose evidence the API server refuses still gets its record, which reports that.
      await this.#write(snapshot, { ...draft, evidence: refusedEvidence(error) }, signal);
      // A webhook may have refused it, and accept it once it is mended.
      throw error;
    }
  }

  #traceSigning(
    { summary }: Pick<RunSnapshot, 'summary'>,
    draft: RecordDraft,
    signal: AbortSignal,
  ): Promise<DraftEvidence> {
    const { kind, name } = draft.pending.pipeline.policy;
    const step = { name: 'sign', attributes: { 'hallmark.policy.kind': kind, 'hallmark.policy.name': name } } as const;
    return this.#context.tracing.step(summary, step, () => this.#signed(draft, signal), signingOutcome);
  }

  /** The evidence signed; or as it is, where the signer cannot sign now: the record is made all the same and signed later. */
  async #signed({ evidence, pending, toSign }: RecordDraft, signal: AbortSignal): Promise<DraftEvidence> {
    try {
      const { policy } = pending.pipeline;
      const signer = await this.#context.gate.signer(policy, signal);
      if (isProblem(signer)) return evidence;
      const signing = { signer, transparency: policy.spec.transparency, now: this.#context.clock.now() };
      return { ...evidence, artifacts: (await signArtifacts(toSign, signing)).map(toEvidenceArtifact) };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SigningError) return evidence;
      throw error;
    }
  }

  async #write(
    snapshot: RunSnapshot,
    { pending, spec, evidence: draft }: RecordDraft,
    signal: AbortSignal,
  ): Promise<void> {
    const evidence = recordedEvidence(draft);
    if (pending.existing !== undefined) await this.#context.writer.amend(pending.existing, { spec, evidence }, signal);
    else await this.#create(snapshot, { name: pending.recordName, parts: { spec, evidence } }, signal);
  }

  async #create(
    snapshot: RunSnapshot,
    { name, parts }: { readonly name: string; readonly parts: RecordParts },
    signal: AbortSignal,
  ): Promise<void> {
    const key = { namespace: snapshot.summary.namespace, name };
    for (let attempt = 0; attempt < MAX_ADOPTIONS; attempt += 1) {
      const creation = await this.#context.tracing.step(
        snapshot.summary,
        { name: 'create record' },
        () => this.#context.writer.create(key, parts, signal),
        ({ state }) => state,
      );
      if (creation.state === 'Created') this.#reportCreated(creation.record);
      if (creation.state !== 'Taken') return;
      if (creation.forged !== undefined) await this.#removeForged(creation.forged, snapshot, signal);
    }
    throw new Error(`another client keeps creating ProvenanceRecord ${recordKey(key)} in the operator's place`);
  }

  #reportCreated({ object: { metadata, spec, evidence } }: TrustedRecord): void {
    const isSigned = (evidence?.artifacts ?? []).some(({ signature }) => signature !== undefined);
    this.#context.observer.recordCreated({ key: recordKey(metadata), kind: spec.runRef.kind, isSigned });
    this.#context.tracing.recorded({ ...spec.runRef, namespace: metadata.namespace }, spec.completionTime);
  }

  async #removeForged(record: ForgedRecord, { summary }: RunSnapshot, signal: AbortSignal): Promise<void> {
    const { name, uid, why } = record;
    const verdict = this.#context.failingSeals.verdict(record);
    if (verdict !== 'Remove') {
      const message = `ProvenanceRecord ${name} is in the place of this run's and left alone for now: ${why}`;
      if (verdict === 'Wait') throw new WaitingError(reasons.VerificationFailed, message, 2);
      this.#context.events.record(summary, { type: 'Warning', reason: reasons.VerificationFailed, message });
      throw new WaitingError(reasons.VerificationFailed, message, HELD_SECONDS);
    }
    if (!(await this.#context.writer.delete({ key: recordKey(record), uid }, signal))) return;
    const message = `ProvenanceRecord ${name} of this run was removed and made again: ${why}`;
    this.#context.events.record(summary, { type: 'Warning', reason: reasons.VerificationFailed, message });
    this.#context.observer.recordRejected({ key: recordKey(record), why, isDeleted: true });
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

function signingOutcome({ artifacts }: DraftEvidence): string {
  return artifacts.every(({ signature }) => signature !== undefined) ? 'Signed' : 'Unsigned';
}

function holdsArtifacts({ pending: { existing } }: RecordDraft): boolean {
  return (existing?.object.evidence?.artifacts ?? []).length > 0;
}

/** The evidence in the record of a run whose own evidence the API server refuses. */
function refusedEvidence(error: KubeError): DraftEvidence {
  const message = `the record of this run is refused: ${error.message}`;
  return { artifacts: [], problem: { reason: reasons.PayloadInvalid, message } };
}

/** The failures of all policies as one. A failure that only waits must not delay the retry of the others. */
function failureOf(failures: readonly unknown[]): unknown {
  const urgent = failures.filter((failure) => !(failure instanceof WaitingError));
  const [first, ...others] = urgent.length > 0 ? urgent : failures;
  if (others.length === 0) return first;
  if (first instanceof WaitingError) return first;
  const messages = urgent.map((failure) => (failure instanceof Error ? failure.message : String(failure)));
  return new AggregateError(urgent, messages.join('; '));
}
