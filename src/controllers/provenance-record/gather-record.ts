// SPDX-License-Identifier: Apache-2.0
import { isEmptySelector } from '../../api/v1alpha1/fields/label-selector.ts';
import type { BackendRef, EvidenceArtifact } from '../../api/v1alpha1/provenance-record/schema.ts';
import { MAX_BACKENDS } from '../../api/v1alpha1/provenance-record/spec.ts';
import { reasons } from '../../api/v1alpha1/reasons.ts';
import { EvidenceError } from '../../evidence/evidence-error.ts';
import { fromEvidenceArtifact } from '../../evidence/evidence-artifact.ts';
import type { Subject } from '../../evidence/artifact.ts';
import { type PolicyDefinition } from '../../pipelines/definitions.ts';
import { tooManyBackends } from '../../pipelines/too-many-backends.ts';
import { backendRefsOf } from '../backend-refs.ts';
import type { ControllerContext } from '../controller-context.ts';
import { hasClock, needsSignature } from '../../records/artifact-needs.ts';
import { gatherRebinding } from './rebinding/gather-rebinding.ts';
import { backfillRefs } from '../../records/backfill-request.ts';
import { isStoredAnywhere } from './signing/logging-fact.ts';
import type { TrustedRecord } from '../../records/read-record.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';
import type { BoundBackend, RecordSnapshot } from './record-snapshot.ts';
import { isDoneWith } from '../../records/storage-state.ts';
import type { Attempts } from '../memory/attempts.ts';
import { unsignedProblem } from '../../records/unsigned-problem.ts';
import { areWitnessesDue } from './signing/witness-turns.ts';
import { describePolicy } from '../../pipelines/policy-key.ts';
import { recordKey } from '../../records/record-key.ts';

/** What is known of a record without its signer, and the policy whose signer is to be asked for. */
export interface KnownRecord {
  readonly snapshot: RecordSnapshot;
  readonly signerOf: PolicyDefinition | undefined;
}

/** Reads all that the decision about a record needs: the key if something is to be signed, everything else from memory. */
export async function gatherRecord(
  context: ControllerContext,
  attempts: Attempts,
  written: TrustedRecord,
  signal: AbortSignal,
): Promise<RecordSnapshot> {
  return withSigner(context, await knownRecord(context, attempts, written, signal), signal);
}

/** Asks for the signer that is missing in what is known of a record. */
export async function withSigner(
  context: Pick<ControllerContext, 'gate'>,
  { snapshot, signerOf }: KnownRecord,
  signal: AbortSignal,
): Promise<RecordSnapshot> {
  return signerOf === undefined ? snapshot : { ...snapshot, signer: await context.gate.signer(signerOf, signal) };
}

/** Gathers what the decision about a record needs, all but the signer. */
export async function knownRecord(
  context: ControllerContext,
  attempts: Attempts,
  written: TrustedRecord,
  signal: AbortSignal,
): Promise<KnownRecord> {
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
    hasRun: context.runs.has(spec.runRef.uid),
    now,
  };
  return { snapshot, signerOf: needsSigner ? policy : undefined };
}

/** Whether a signer is needed: for what never was signed, and for certificates that ended unseen. */
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
  // What lies anywhere already stays as it is.
  if (isStored) return false;
  const transparency = policy?.invalid === undefined ? policy?.spec.transparency : undefined;
  // A new certificate is asked for when its witnesses are asked, too: until then it would only end like the one before.
  const waits = transparency !== undefined && hasClock(transparency) && areDue !== true;
  return !waits && artifacts.some((artifact) => needsSignature(artifact, now, transparency));
}

function boundBackends(context: ControllerContext, attempts: Attempts, record: TrustedRecord): readonly BoundBackend[] {
  const { metadata, spec } = record.object;
  const bound = (ref: BackendRef, isBackfill: boolean): BoundBackend => {
    const backend = context.pipelines.promisedBackend(record.policy, metadata.namespace, ref);
    const parked = backend === undefined ? undefined : parkedBehind(context.health.problem(backend));
    const isDue = attempts.isDue({ of: 'Store', record: recordKey(metadata), backend: ref });
    return { ref, backend, isDue, isBackfill, ...(parked === undefined ? {} : { parked }) };
  };
  return [
    ...(spec.backendRefs ?? []).map((ref) => bound(ref, false)),
    ...laterBackends(record).map((ref) => bound(ref, true)),
  ];
}

/** The backends that were asked for later, by a request that stands or by one that was answered; as many as a status has room for. */
function laterBackends({ object, storage }: TrustedRecord): readonly BackendRef[] {
  const asked = backfillRefs(object);
  const answered = storage
    .filter(({ isBackfill, state }) => isBackfill === true && isDoneWith(state))
    .map(({ backendRef }) => backendRef);
  const isNew = (ref: BackendRef): boolean => !asked.some(({ kind, name }) => kind === ref.kind && name === ref.name);
  return [...answered.filter(isNew), ...asked].slice(0, MAX_BACKENDS);
}

/** A backend that its last probe found broken is sent nothing: that probe is repeated, and says when it works again. */
function parkedBehind(problem: Problem | undefined): Problem | undefined {
  if (problem === undefined) return undefined;
  return { reason: problem.reason, message: `waits until the backend is ready again: ${problem.message}` };
}

/** What can be promised without knowing the run's labels: backends that take every run, and those the policy names in vain. */
function bindableBackends(context: ControllerContext, record: TrustedRecord): readonly BackendRef[] | undefined {
  const pipeline = context.pipelines.pipeline(record.object.metadata.namespace, record.policy);
  if (pipeline === undefined) return undefined;
  const backends = pipeline.backends.filter(({ spec }) => isEmptySelector(spec.selector));
  return backendRefsOf({ ...pipeline, backends }, {});
}

/** Why a record stays without backends although there are some. */
function unboundProblem(context: ControllerContext, record: TrustedRecord): Problem | undefined {
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
  const warnings = artifacts.flatMap(({ warnings: found = [] }) => found);
  return unsignedProblem({ mode, policyName: record.policy, policy, subjects: subjects.subjects, warnings });
}

function subjectsOf(artifacts: readonly EvidenceArtifact[]): Problem | { readonly subjects: readonly Subject[] } {
  try {
    return { subjects: artifacts.flatMap((artifact) => fromEvidenceArtifact(artifact).subjects) };
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    return { reason: reasons[error.reason], message: error.message };
  }
}
