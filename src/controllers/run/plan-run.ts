// SPDX-License-Identifier: Apache-2.0
import type { EvidenceArtifact, ProvenanceRecordSpec } from '../../api/v1alpha1/provenance-record/schema.ts';
import { reasons } from '../../api/v1alpha1/reasons.ts';
import type { Retention } from '../../api/v1alpha1/signing-policy/retention.ts';
import type { Artifact, RecordedArtifact } from '../../evidence/artifact.ts';
import { toEvidenceArtifact } from '../../evidence/evidence-artifact.ts';
import { EvidenceError } from '../../evidence/evidence-error.ts';
import { type PolicyDefinition } from '../../pipelines/definitions.ts';
import { announcementWarnings } from '../../provenance/warnings/announcement-warnings.ts';
import { payloads } from '../../provenance/payloads.ts';
import { changedWarning, childWarnings } from './run-warnings.ts';
import { boundedText } from '../../runtime/bounded-text.ts';
import type { FinishedRun } from '../../tekton/finished-run.ts';
import { PayloadError } from '../../tekton/payload-error.ts';
import { namedRefusal } from '../../pipelines/refusal.ts';
import { backendRefsOf } from '../../pipelines/backend-refs.ts';
import { ignoredSubject } from '../../records/status/left-out.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';
import { boundedEvidence, boundSpec, type DraftEvidence, tooManyArtifacts } from '../../records/record-object.ts';
import { unsignedProblem } from '../../records/status/unsigned-problem.ts';
import type { PendingPipeline, RunSnapshot } from './run-snapshot.ts';
import { describePolicy } from '../../pipelines/policy-key.ts';

/** A record to make, or to take further, for one pipeline. */
export interface RecordDraft {
  readonly pending: PendingPipeline;
  readonly spec: ProvenanceRecordSpec;
  readonly evidence: DraftEvidence;
  /** The artifacts of `evidence` where they may be signed before the record is written; empty otherwise. */
  readonly toSign: readonly RecordedArtifact[];
}

/** Decides the record of a run for a pipeline that has no complete one. @param made the artifacts, where they are made already */
export function planRecord(
  snapshot: RunSnapshot,
  pending: PendingPipeline,
  made: readonly Artifact[] | Problem = makeArtifacts(snapshot, pending),
): RecordDraft {
  const spec = draftSpec(snapshot, pending);
  const artifacts = recordedArtifacts(pending);
  // The record's own artifacts are signed, even if the run has changed since.
  if (artifacts.length > 0) return { pending, spec, evidence: { artifacts }, toSign: [] };
  return { pending, spec, ...draftEvidence(pending, made, spec.mode) };
}

function recordedArtifacts({ existing }: PendingPipeline): readonly EvidenceArtifact[] {
  return existing?.object.evidence?.artifacts ?? [];
}

function draftSpec({ summary }: RunSnapshot, { pipeline, existing }: PendingPipeline): ProvenanceRecordSpec {
  const backendRefs = backendRefsOf(pipeline, summary.labels);
  if (existing !== undefined) return boundSpec(existing.object.spec, backendRefs);
  const { apiVersion, kind, name, uid, finished, serviceAccountName } = summary;
  const { policy } = pipeline;
  return {
    runRef: { apiVersion, kind, name, uid },
    policyRef: { kind: policy.kind, name: policy.name },
    outcome: finished.outcome,
    completionTime: finished.completionTime,
    mode: policy.spec.mode,
    // No ServiceAccount has a longer name; the record is made all the same.
    serviceAccountName: boundedText(serviceAccountName, 253),
    retention: frozenRetention(policy.spec.record),
    ...(policy.spec.recordEvidence === 'UntilStored' ? { evidence: 'UntilStored' } : {}),
    ...(backendRefs === undefined ? {} : { backendRefs }),
  };
}

function frozenRetention(retention: Retention): NonNullable<ProvenanceRecordSpec['retention']> {
  if (retention.retention !== 'Seconds') return { type: retention.retention };
  return { type: 'Seconds', seconds: retention.seconds };
}

function draftEvidence(
  pending: PendingPipeline,
  made: readonly Artifact[] | Problem,
  mode: 'Enforce' | 'Audit',
): Pick<RecordDraft, 'evidence' | 'toSign'> {
  const { policy } = pending.pipeline;
  if ('reason' in made) return { evidence: { artifacts: [], problem: made }, toSign: [] };
  const artifacts = made.map((artifact) => ({ ...artifact, policyGeneration: policy.generation }));
  const evidence = boundedEvidence(packed(artifacts), policy.spec);
  const subjects = made.flatMap((artifact) => artifact.subjects);
  const warnings = made.flatMap((artifact) => artifact.warnings ?? []);
  const unsigned = unsignedProblem({ mode, policyName: policy, policy, subjects, warnings });
  // Evidence that was refused may be refused again: write it unsigned first, so that no attempt costs a signature.
  const wasRefused = pending.existing?.object.evidence?.problem?.reason === reasons.PayloadInvalid;
  const mayBeSigned = unsigned === undefined && evidence.problem === undefined && !wasRefused;
  return { evidence, toSign: mayBeSigned ? artifacts : [] };
}

/** Makes the artifacts of a run for a pipeline, none where its record has them; or the reason why there are none. */
export function makeArtifacts(snapshot: RunSnapshot, pending: PendingPipeline): readonly Artifact[] | Problem {
  if (recordedArtifacts(pending).length > 0) return [];
  const {
    pipeline: { policy },
    indexImages,
  } = pending;
  const refused = namedRefusal(policy);
  if (refused !== undefined) return refused;
  const { run, isChanged } = snapshot;
  if ('reason' in run) return run;
  const awaited = awaitedChild(run, snapshot.now, snapshot.childrenDeadline);
  if (awaited !== undefined) return awaited;
  if (indexImages !== undefined && 'reason' in indexImages) return indexImages;
  try {
    const made = payloads(run, {
      attestation: policy.spec.attestation,
      imageSignatureFormats: policy.spec.imageSignatures.formats,
      ...(indexImages === undefined ? {} : { indexImages }),
    });
    return made.length > 0 ? withRunWarnings(made, run, isChanged) : nothingToSign(policy, run);
  } catch (error) {
    if (!(error instanceof PayloadError)) throw error;
    return { reason: reasons[error.reason], message: error.message };
  }
}

/** Warn in the first artifact of a changed run, and in the attestation of its children. These come first: what a run has many of cuts none off. */
function withRunWarnings([first, ...others]: readonly Artifact[], run: FinishedRun, isChanged: boolean): Artifact[] {
  if (first === undefined) return [];
  const ofChildren = first.type === 'Attestation' ? childWarnings(run) : [];
  const ofRun = isChanged ? [changedWarning(run)] : [];
  return [{ ...first, warnings: [...ofChildren, ...ofRun, ...(first.warnings ?? [])] }, ...others];
}

function nothingToSign(policy: PolicyDefinition, run: FinishedRun): Problem {
  const ignored = ignoredSubject(announcementWarnings(run, policy.spec.attestation));
  if (ignored !== undefined) return ignored;
  return {
    reason: reasons.NoSubjects,
    message: `the run names no image and ${describePolicy(policy)} makes no attestation: set spec.attestation.format, or have the run state IMAGE_URL and IMAGE_DIGEST`,
  };
}

function packed(artifacts: readonly RecordedArtifact[]): DraftEvidence {
  const problem = tooManyArtifacts(artifacts.length);
  if (problem !== undefined) return { artifacts: [], problem };
  try {
    return { artifacts: artifacts.map(toEvidenceArtifact) };
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    return { artifacts: [], problem: { reason: reasons[error.reason], message: error.message } };
  }
}

/**
 * The child that a PipelineRun still waits for: a TaskRun that is gone or not in the list yet, or one that has not finished.
 * After the deadline nothing is awaited any more.
 */
export function awaitedChild(run: FinishedRun, now: Date, deadline: Date): Problem | undefined {
  if (now >= deadline) return undefined;
  const until = deadline.toISOString();
  const [missing] = run.missingChildren;
  if (missing !== undefined) {
    return {
      reason: reasons.ChildMissing,
      message: `child TaskRun ${missing} is not there; the run is signed without it after ${until}`,
    };
  }
  const running = run.children.find(({ object, outcome }) => object !== undefined && outcome === undefined);
  if (running === undefined) return undefined;
  return {
    reason: reasons.WaitingForChildren,
    message: `child TaskRun ${running.reference.name} has not finished; the run is signed without it after ${until}`,
  };
}
