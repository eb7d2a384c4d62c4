// SPDX-License-Identifier: Apache-2.0
import type { EvidenceArtifact } from '../../../api/v1alpha1/provenance-record/schema.ts';
import { reasons } from '../../../api/v1alpha1/reasons.ts';
import type { RunSigner } from '../../../signing/run-signer.ts';
import { SigningError } from '../../../signing/signing-error.ts';
import type { ControllerContext } from '../../controller-context.ts';
import type { RecordPlan } from '../plan-record.ts';
import type { TrustedRecord } from '../../../records/read-record.ts';
import type { LoggingFact } from '../../../records/record-facts.ts';
import { signArtifacts } from './sign-artifacts.ts';
import type { StoreAttempts } from '../../memory/store-attempts.ts';
import { witnessArtifacts } from './witness-artifacts.ts';
import { noteWitnesses } from './witness-turns.ts';

/** A record, and what is still to be done about it. */
export interface RecordWork {
  readonly record: TrustedRecord;
  readonly plan: RecordPlan;
}

/**
 * Has the record's evidence signed and witnessed as far as that goes now, each written down before the next begins. What fails is said
 * in the plan, and then nothing is stored.
 */
export async function prepareEvidence(
  context: ControllerContext,
  attempts: StoreAttempts,
  work: RecordWork,
  signal: AbortSignal,
): Promise<RecordWork> {
  const signed = work.plan.sign === undefined ? work : await sign(context, work, work.plan.sign, signal);
  const { logging, unsigned } = signed.plan;
  if (unsigned !== undefined || logging?.state !== 'Pending') return signed;
  if (signed.plan.witness) return witness(context, attempts, signed, signal);
  return { ...signed, plan: { ...signed.plan, store: [] } };
}

async function sign(
  context: ControllerContext,
  { record, plan }: RecordWork,
  signer: RunSigner,
  signal: AbortSignal,
): Promise<RecordWork> {
  const policy = context.pipelines.policy(record.policy);
  // Deleted a moment ago: the next look says so.
  if (policy === undefined) return { record, plan: { ...plan, store: [] } };
  try {
    const signing = { signer, transparency: policy.spec.transparency, now: context.clock.now() };
    const artifacts = await signArtifacts(artifactsOf(record), signing);
    return { record: await withArtifacts(context, record, artifacts, signal), plan };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof SigningError)) throw error;
    const { reason, message } = error;
    return { record, plan: { ...plan, unsigned: { reason, message }, store: [] } };
  }
}

async function witness(
  context: ControllerContext,
  attempts: StoreAttempts,
  { record, plan }: RecordWork,
  signal: AbortSignal,
): Promise<RecordWork> {
  const policy = context.pipelines.policy(record.policy);
  if (policy === undefined) return { record, plan: { ...plan, store: [] } };
  let seen = record;
  let kept = artifactsOf(record);
  const keep = async (artifacts: readonly EvidenceArtifact[]): Promise<void> => {
    seen = await withArtifacts(context, seen, artifacts, signal);
    kept = artifacts;
  };
  const note = (artifact: EvidenceArtifact): void => {
    context.unrecordedTestimonies.note(record, artifact);
  };
  const witnessing = { witnesses: context.witnesses.of(policy), keep, note, fence: context.fence };
  const beganMs = context.clock.monotonicMs();
  const outcome = await witnessArtifacts(artifactsOf(record), witnessing, signal);
  const tookMs = context.clock.monotonicMs() - beganMs;
  if (outcome.artifacts.some((artifact, index) => artifact !== kept[index])) await keep(outcome.artifacts);
  const { problem, retryAfterSeconds } = outcome;
  noteWitnesses(attempts, record, { hasFailed: problem !== undefined, tookMs, retryAfterSeconds });
  context.observer.witnessed({ result: problem?.reason ?? reasons.Logged });
  if (problem !== undefined)
    return { record: seen, plan: { ...plan, logging: { state: 'Pending', problem }, store: [] } };
  return { record: seen, plan: { ...plan, logging: loggingOf(outcome.artifacts) } };
}

function loggingOf(artifacts: readonly EvidenceArtifact[]): LoggingFact {
  const failure = artifacts.find(({ logFailure }) => logFailure !== undefined)?.logFailure;
  return failure === undefined ? { state: 'Logged' } : { state: 'Without', message: failure };
}

function artifactsOf({ object }: TrustedRecord): readonly EvidenceArtifact[] {
  return object.evidence?.artifacts ?? [];
}

function withArtifacts(
  context: ControllerContext,
  record: TrustedRecord,
  artifacts: readonly EvidenceArtifact[],
  signal: AbortSignal,
): Promise<TrustedRecord> {
  const { spec, evidence } = record.object;
  return context.writer.amend(record, { spec, evidence: { ...evidence, artifacts } }, signal);
}
