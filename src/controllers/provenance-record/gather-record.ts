// SPDX-License-Identifier: Apache-2.0
import { isEmptySelector } from '../../api/v1alpha1/label-selector.ts';
import type { BackendRef, EvidenceArtifact } from '../../api/v1alpha1/provenance-record/schema.ts';
import { reasons } from '../../api/v1alpha1/reasons.ts';
import { EvidenceError } from '../../evidence/evidence-error.ts';
import { unsignedFromEvidence } from '../../evidence/evidence-artifact.ts';
import type { Subject } from '../../evidence/signed-artifact.ts';
import type { PolicyDefinition } from '../../pipelines/definitions.ts';
import type { RunSigner } from '../../signing/run-signer.ts';
import { SigningError } from '../../signing/signing-error.ts';
import { backendRefsOf } from '../backend-refs.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { TrustedRecord } from './read-record.ts';
import type { Problem } from './record-facts.ts';
import type { RecordSnapshot } from './record-snapshot.ts';
import type { StoreAttempts } from './store-attempts.ts';
import { unsignedProblem } from './unsigned-problem.ts';

/** Reads all that the decision about a record needs: the key if something is unsigned, everything else from memory. */
export async function gatherRecord(
  context: ControllerContext,
  attempts: StoreAttempts,
  record: TrustedRecord,
  signal: AbortSignal,
): Promise<RecordSnapshot> {
  const { metadata, spec, evidence } = record.object;
  const policy = context.pipelines.policy(record.policy);
  const unsignedArtifacts = (evidence?.artifacts ?? []).filter(({ signature }) => signature === undefined);
  const unsigned = unsignedArtifacts.length === 0 ? undefined : whyUnsigned(record, policy, evidence?.artifacts ?? []);
  const needsSigner = unsignedArtifacts.length > 0 && unsigned === undefined && policy !== undefined;
  const recordKey = `${metadata.namespace}/${metadata.name}`;
  return {
    record,
    policy,
    unsigned,
    signer: needsSigner ? await signerOrProblem(context, policy, signal) : undefined,
    backends: (spec.backendRefs ?? []).map((ref) => ({
      ref,
      backend: context.pipelines.promisedBackend(record.policy, metadata.namespace, ref),
      isDue: attempts.isDue(recordKey, `${ref.kind}/${ref.name}`),
    })),
    bindable: spec.backendRefs === undefined ? bindableBackends(context, record) : undefined,
    hasRun: context.runs.has(spec.runRef.uid),
    now: context.clock.now(),
  };
}

/** The policy's signer, or why it has none that works. @throws what may pass by itself, such as an API server that is away */
export async function signerOrProblem(
  context: Pick<ControllerContext, 'keys'>,
  policy: PolicyDefinition,
  signal: AbortSignal,
): Promise<RunSigner | Problem> {
  try {
    return await context.keys.signer(policy, signal);
  } catch (error) {
    if (error instanceof SigningError) return { reason: error.reason, message: error.message };
    throw error;
  }
}

/** What can be promised without knowing the run's labels: backends that take every run, and those the policy names in vain. */
function bindableBackends(context: ControllerContext, record: TrustedRecord): readonly BackendRef[] | undefined {
  const pipeline = context.pipelines.pipeline(record.object.metadata.namespace, record.policy);
  if (pipeline === undefined) return undefined;
  const backends = pipeline.backends.filter(({ spec }) => isEmptySelector(spec.selector));
  return backendRefsOf({ ...pipeline, backends }, {});
}

function whyUnsigned(
  record: TrustedRecord,
  policy: PolicyDefinition | undefined,
  artifacts: readonly EvidenceArtifact[],
): Problem | undefined {
  const subjects = subjectsOf(artifacts);
  if ('reason' in subjects) return subjects;
  const { mode } = record.object.spec;
  return unsignedProblem({ mode, policyKey: record.policy, policy, subjects: subjects.subjects });
}

function subjectsOf(artifacts: readonly EvidenceArtifact[]): Problem | { readonly subjects: readonly Subject[] } {
  try {
    return { subjects: artifacts.flatMap((artifact) => unsignedFromEvidence(artifact).subjects) };
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    return { reason: reasons[error.reason], message: error.message };
  }
}
