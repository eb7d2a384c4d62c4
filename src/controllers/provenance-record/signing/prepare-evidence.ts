// SPDX-License-Identifier: Apache-2.0
import { reasons } from '../../../api/v1alpha1/reasons.ts';
import type { RecordedArtifact } from '../../../evidence/artifact.ts';
import { fromEvidenceArtifact, toEvidenceArtifact } from '../../../evidence/evidence-artifact.ts';
import type { RunSigner } from '../../../signing/run-signer.ts';
import { SigningError } from '../../../signing/signing-error.ts';
import type { ControllerContext } from '../../controller-context.ts';
import type { TrustedRecord } from '../../../records/read-record.ts';
import type { LoggingFact, StatusFacts } from '../../../records/status/record-facts.ts';
import { signArtifacts } from '../../policy-services/sign-artifacts.ts';
import type { Attempts } from '../../memory/records/attempts.ts';
import { witnessArtifacts } from './witness-artifacts.ts';
import { noteWitnesses } from './witness-turns.ts';
import { tracedRun } from '../state/traced-run.ts';
import type { AdvancePlan } from '../state/record-plan.ts';

/** The part of the context that signing and witnessing need. */
type SigningContext = Pick<
  ControllerContext,
  'clock' | 'fence' | 'observer' | 'pipelines' | 'tracing' | 'unrecordedTestimonies' | 'witnesses' | 'writer'
>;

/** The result of signing and witnessing. */
export interface PreparedEvidence {
  /** The record as it is now. */
  readonly record: TrustedRecord;
  readonly facts: StatusFacts;
  /** True when the evidence may be stored. */
  readonly isReady: boolean;
}

/**
 * Has the record's evidence signed and witnessed as far as that goes now, and writes down each step before the next begins. Failures are
 * facts, and keep the evidence from being stored.
 */
export async function prepareEvidence(
  context: SigningContext,
  attempts: Attempts,
  { record, plan }: { readonly record: TrustedRecord; readonly plan: AdvancePlan },
  signal: AbortSignal,
): Promise<PreparedEvidence> {
  const given = { record, facts: plan.facts, isReady: true };
  const signed = plan.sign === undefined ? given : await sign(context, given, plan.sign, signal);
  const { unsigned, logging } = signed.facts;
  if (unsigned !== undefined || logging?.state !== 'Pending') return signed;
  return plan.witness ? witness(context, attempts, signed, signal) : { ...signed, isReady: false };
}

async function sign(
  context: SigningContext,
  { record, facts }: PreparedEvidence,
  signer: RunSigner,
  signal: AbortSignal,
): Promise<PreparedEvidence> {
  const policy = context.pipelines.policy(record.policy);
  // Deleted a moment ago: the next reconcile reports it.
  if (policy === undefined) return { record, facts, isReady: false };
  try {
    const signing = { signer, transparency: policy.spec.transparency, now: context.clock.now() };
    const artifacts = await context.tracing.step(tracedRun(record), { name: 'sign' }, () =>
      signArtifacts(artifactsOf(record), signing),
    );
    return { record: await withArtifacts(context, record, artifacts, signal), facts, isReady: true };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof SigningError)) throw error;
    const { reason, message } = error;
    return { record, facts: { ...facts, unsigned: { reason, message } }, isReady: false };
  }
}

async function witness(
  context: SigningContext,
  attempts: Attempts,
  { record, facts }: PreparedEvidence,
  signal: AbortSignal,
): Promise<PreparedEvidence> {
  const policy = context.pipelines.policy(record.policy);
  if (policy === undefined) return { record, facts, isReady: false };
  let current = record;
  let kept = artifactsOf(record);
  const keep = async (artifacts: readonly RecordedArtifact[]): Promise<void> => {
    current = await withArtifacts(context, current, artifacts, signal);
    kept = artifacts;
  };
  const note = (artifact: RecordedArtifact): void => {
    context.unrecordedTestimonies.note(record, toEvidenceArtifact(artifact));
  };
  const fence = (): void => {
    context.fence(record.object.metadata.namespace);
  };
  const witnessing = { witnesses: context.witnesses.of(policy), keep, note, fence };
  const beganMs = context.clock.monotonicMs();
  const outcome = await context.tracing.step(
    tracedRun(record),
    { name: 'witness' },
    () => witnessArtifacts(artifactsOf(record), witnessing, signal),
    ({ problem }) => problem?.reason ?? reasons.Logged,
  );
  const tookMs = context.clock.monotonicMs() - beganMs;
  if (outcome.artifacts.some((artifact, index) => artifact !== kept[index])) await keep(outcome.artifacts);
  const { problem, retryAfterSeconds } = outcome;
  noteWitnesses(attempts, record, { hasFailed: problem !== undefined, tookMs, retryAfterSeconds });
  context.observer.witnessed({ result: problem?.reason ?? reasons.Logged });
  const logging = problem === undefined ? loggingOf(outcome.artifacts) : ({ state: 'Pending', problem } as const);
  return { record: current, facts: { ...facts, logging }, isReady: problem === undefined };
}

function loggingOf(artifacts: readonly RecordedArtifact[]): LoggingFact {
  const failure = artifacts.find(({ logFailure }) => logFailure !== undefined)?.logFailure;
  return failure === undefined ? { state: 'Logged' } : { state: 'Without', message: failure };
}

function artifactsOf({ object }: TrustedRecord): readonly RecordedArtifact[] {
  return (object.evidence?.artifacts ?? []).map(fromEvidenceArtifact);
}

function withArtifacts(
  context: SigningContext,
  record: TrustedRecord,
  artifacts: readonly RecordedArtifact[],
  signal: AbortSignal,
): Promise<TrustedRecord> {
  const { spec, evidence } = record.object;
  return context.writer.amend(
    record,
    { spec, evidence: { ...evidence, artifacts: artifacts.map(toEvidenceArtifact) } },
    signal,
  );
}
