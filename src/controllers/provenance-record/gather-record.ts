// SPDX-License-Identifier: Apache-2.0
import { isEmptySelector } from '../../api/v1alpha1/fields/label-selector.ts';
import type { BackendRef, EvidenceArtifact } from '../../api/v1alpha1/provenance-record/schema.ts';
import { MAX_BACKENDS } from '../../api/v1alpha1/provenance-record/spec.ts';
import { reasons } from '../../api/v1alpha1/reasons.ts';
import { EvidenceError } from '../../evidence/evidence-error.ts';
import { fromEvidenceArtifact, listedSubjects } from '../../evidence/evidence-artifact.ts';
import type { Subject } from '../../evidence/artifact.ts';
import type { CompiledBackend, PolicyDefinition } from '../../pipelines/definitions.ts';
import { refusal } from '../../pipelines/refusal.ts';
import { describeBackend } from '../../storage/backend-definition.ts';
import { backendRefsOf, tooManyBackends } from '../../pipelines/backend-refs.ts';
import type { ControllerContext } from '../controller-context.ts';
import { hasClock, needsSignature } from '../../records/artifact-needs.ts';
import { gatherRebinding } from './rebinding/gather-rebinding.ts';
import { backfillRefs } from '../../records/backfill-request.ts';
import { isStoredAnywhere } from './signing/logging-fact.ts';
import type { TrustedRecord } from '../../records/read-record.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';
import type { BoundBackend, RecordSnapshot } from './state/record-snapshot.ts';
import { isDoneWith } from '../../records/storage-state.ts';
import type { Attempts } from '../memory/records/attempts.ts';
import { unsignedProblem } from '../../records/status/unsigned-problem.ts';
import { areWitnessesDue } from './signing/witness-turns.ts';
import { describePolicy } from '../../pipelines/policy-key.ts';
import { recordKey } from '../../records/record-key.ts';
import { runKey } from '../../tekton/run-key.ts';

/** The part of the context that gathering needs. */
type GatheringContext = Pick<
  ControllerContext,
  'client' | 'clock' | 'gate' | 'health' | 'pipelines' | 'runs' | 'unconfirmedStores'
>;

/** A snapshot without its signer, and the policy whose signer is needed. */
export interface UnsignedSnapshot {
  readonly snapshot: RecordSnapshot;
  readonly signerOf: PolicyDefinition | undefined;
}

/** Gathers everything that the decision about a record needs: the signer if something is to be signed, the rest from memory. */
export async function gatherRecord(
  context: GatheringContext,
  attempts: Attempts,
  written: TrustedRecord,
  signal: AbortSignal,
): Promise<RecordSnapshot> {
  return withSigner(context, await unsignedSnapshot(context, attempts, written, signal), signal);
}

/** Adds the signer that a snapshot needs. */
export async function withSigner(
  context: Pick<ControllerContext, 'gate'>,
  { snapshot, signerOf }: UnsignedSnapshot,
  signal: AbortSignal,
): Promise<RecordSnapshot> {
  return signerOf === undefined ? snapshot : { ...snapshot, signer: await context.gate.signer(signerOf, signal) };
}

/** Gathers everything that the decision about a record needs, except the signer. */
export async function unsignedSnapshot(
  context: GatheringContext,
  attempts: Attempts,
  written: TrustedRecord,
  signal: AbortSignal,
): Promise<UnsignedSnapshot> {
  const record = context.unconfirmedStores.completed(written);
  const { spec, evidence } = record.object;
  const policy = context.pipelines.policyIn(record.object.metadata.namespace, record.policy);
  const now = context.clock.now();
  const artifacts = evidence?.artifacts ?? [];
  const isStored = isStoredAnywhere(record);
  const isWitnessTurn = areWitnessesDue(attempts, record);
  const toSign = isToBeSigned(artifacts, { policy, isStored, areWitnessesDue: isWitnessTurn, now });
  const unsigned = toSign ? whyUnsigned(record, policy, artifacts) : undefined;
  const needsSigner = toSign && unsigned === undefined && policy !== undefined;
  const backends = boundBackends(context, attempts, record);
  const snapshot = {
    record,
    policy,
    unsigned,
    signer: undefined,
    backends,
    bindable: spec.backendRefs === undefined ? bindableBackends(context, record) : undefined,
    rebound: await gatherRebinding(context, record, backends, signal),
    unbound: spec.backendRefs === undefined ? unboundProblem(context, record) : undefined,
    areWitnessesDue: isWitnessTurn,
    hasRun: context.runs.has(runKey({ ...spec.runRef, namespace: record.object.metadata.namespace })),
    maxRetentionSeconds: context.pipelines.bounds.maxRetentionSeconds(record.object.metadata.namespace, record.policy),
    now,
  };
  return { snapshot, signerOf: needsSigner ? policy : undefined };
}

/** True when a signer is needed: for artifacts that are unsigned, and for certificates that ended before a witness saw them. */
function isToBeSigned(
  artifacts: readonly EvidenceArtifact[],
  {
    policy,
    areWitnessesDue: areDue,
    now,
    isStored,
  }: Pick<RecordSnapshot, 'policy' | 'areWitnessesDue' | 'now'> & {
    readonly isStored: boolean;
  },
): boolean {
  if (artifacts.some(({ signature }) => signature === undefined)) return true;
  // Evidence that is stored anywhere stays as it is.
  if (isStored) return false;
  const transparency = policy === undefined || refusal(policy) !== undefined ? undefined : policy.spec.transparency;
  // Ask for a new certificate only when its witnesses are asked too: until then it would end like the one before.
  const waits = transparency !== undefined && hasClock(transparency) && areDue !== true;
  return !waits && artifacts.some((artifact) => needsSignature(artifact, now, transparency));
}

function boundBackends(context: GatheringContext, attempts: Attempts, record: TrustedRecord): readonly BoundBackend[] {
  const { metadata, spec, evidence } = record.object;
  const subjects = (): readonly Subject[] => {
    const read = subjectsOf(evidence?.artifacts ?? []);
    return 'reason' in read ? [] : read.subjects;
  };
  const bound = (ref: BackendRef, isBackfill: boolean): BoundBackend => {
    const promised = context.pipelines.promisedBackend(record.policy, metadata.namespace, ref);
    const backend = promised && context.pipelines.bounds.backendFor(promised, metadata.namespace, subjects);
    const parked = backend && (excessOf(backend) ?? parkedBehind(context.health.problem(backend)));
    const isDue = attempts.isDue({ of: 'Store', record: recordKey(metadata), backend: ref });
    return { ref, backend, isDue, isBackfill, ...(parked === undefined ? {} : { parked }) };
  };
  return [
    ...(spec.backendRefs ?? []).map((ref) => bound(ref, false)),
    ...laterBackends(record).map((ref) => bound(ref, true)),
  ];
}

/** The backends that a pending or answered request asks for, as many as a status has room for. */
function laterBackends({ object, storage }: TrustedRecord): readonly BackendRef[] {
  const asked = backfillRefs(object);
  const answered = storage
    .filter(({ isBackfill, state }) => isBackfill === true && isDoneWith(state))
    .map(({ backendRef }) => backendRef);
  const isNew = (ref: BackendRef): boolean => !asked.some(({ kind, name }) => kind === ref.kind && name === ref.name);
  return [...answered.filter(isNew), ...asked].slice(0, MAX_BACKENDS);
}

/** Sends nothing to a backend that exceeds a ceiling. */
function excessOf(backend: CompiledBackend): Problem | undefined {
  if (backend.exceeds === undefined) return undefined;
  return {
    reason: reasons.CeilingExceeded,
    message: `${describeBackend(backend)} exceeds its ceiling: ${backend.exceeds.message}`,
  };
}

/** Sends nothing to a backend whose last probe failed: the probe is repeated, and reports when the backend works again. */
function parkedBehind(problem: Problem | undefined): Problem | undefined {
  if (problem === undefined) return undefined;
  return { reason: problem.reason, message: `waits until the backend is ready again: ${problem.message}` };
}

/**
 * The backends that can be bound without knowing the run's labels: those that take every run, and those that the policy names and that do
 * not exist.
 */
function bindableBackends(context: GatheringContext, record: TrustedRecord): readonly BackendRef[] | undefined {
  const pipeline = context.pipelines.pipeline(record.object.metadata.namespace, record.policy);
  if (pipeline === undefined) return undefined;
  const backends = pipeline.backends.filter(({ spec }) => isEmptySelector(spec.selector));
  return backendRefsOf({ ...pipeline, backends }, {});
}

/** The reason why a record stays without backends although there are some. */
function unboundProblem(context: GatheringContext, record: TrustedRecord): Problem | undefined {
  const pipeline = context.pipelines.pipeline(record.object.metadata.namespace, record.policy);
  const message = pipeline && tooManyBackends(pipeline.backends.length + pipeline.missing.length);
  return message === undefined
    ? undefined
    : { reason: reasons.PolicyInvalid, message: `${describePolicy(record.policy)}: ${message}` };
}

function whyUnsigned(
  record: TrustedRecord,
  policy: PolicyDefinition | undefined,
  artifacts: readonly EvidenceArtifact[],
): Problem | undefined {
  const subjects = subjectsOf(artifacts);
  if ('reason' in subjects) return subjects;
  const { mode } = record.object.spec;
  const warnings = artifacts.flatMap(({ warnings: ofArtifact = [] }) => ofArtifact);
  return unsignedProblem({ mode, policyName: record.policy, policy, subjects: subjects.subjects, warnings });
}

function recordedSubjects(artifact: EvidenceArtifact): readonly Subject[] {
  return artifact.payload === undefined ? listedSubjects(artifact) : fromEvidenceArtifact(artifact).subjects;
}

function subjectsOf(artifacts: readonly EvidenceArtifact[]): Problem | { readonly subjects: readonly Subject[] } {
  try {
    return { subjects: artifacts.flatMap(recordedSubjects) };
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    return { reason: reasons[error.reason], message: error.message };
  }
}
