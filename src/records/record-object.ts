// SPDX-License-Identifier: Apache-2.0
import { MAX_ARTIFACTS } from '../api/v1alpha1/provenance-record/evidence.ts';
import type {
  BackendRef,
  EvidenceArtifact,
  ProvenanceRecordEvidence,
  ProvenanceRecordSpec,
} from '../api/v1alpha1/provenance-record/schema.ts';
import { reasons } from '../api/v1alpha1/reasons.ts';
import { sealKeyID, sealRecord } from './seal/seal.ts';
import { boundedText } from '../runtime/bounded-text.ts';
import type { SecretValue } from '../runtime/secret-value.ts';
import { type AskedOfEvidence, finalBytes, MAX_EVIDENCE_BYTES } from './evidence-size-limit.ts';
import type { Problem } from '../api/v1alpha1/problem.ts';

const MAX_MESSAGE_LENGTH = 4096;

/** The parts of a record that its seal covers. */
export interface RecordParts {
  readonly spec: ProvenanceRecordSpec;
  readonly evidence: Partial<ProvenanceRecordEvidence>;
}

/** A record as it is sent to the API server. */
export interface RecordObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: ProvenanceRecordSpec;
  readonly evidence: ProvenanceRecordEvidence;
}

/** The evidence made from a run: artifacts, signed or not, or the reason why there are none. */
export interface DraftEvidence {
  readonly artifacts: readonly EvidenceArtifact[];
  readonly problem?: Problem;
}

/**
 * Limits evidence to what a record can hold with everything that its policy will add; `PayloadTooLarge` replaces the rest. Evidence that
 * outgrew its record later could never be written, and nothing would report why.
 */
export function boundedEvidence(draft: DraftEvidence, asked: AskedOfEvidence): DraftEvidence {
  const bytes = draft.artifacts.reduce((sum, artifact) => sum + finalBytes(artifact, asked), 0);
  const problem =
    bytes > MAX_EVIDENCE_BYTES
      ? tooLarge(
          `takes ${bytes} bytes with its signatures and their witnesses, and a record holds ${MAX_EVIDENCE_BYTES}`,
        )
      : tooManyArtifacts(draft.artifacts.length);
  return problem === undefined ? draft : { artifacts: [], problem };
}

/** The problem of having more artifacts than a record can hold; check before packing them. */
export function tooManyArtifacts(count: number): Problem | undefined {
  if (count <= MAX_ARTIFACTS) return undefined;
  return tooLarge(`names so many images that it takes ${count} artifacts and a record holds ${MAX_ARTIFACTS}`);
}

function tooLarge(what: string): Problem {
  const remedy = 'turn off deepInspection or imageSignatures.indexChildren, or have the run state fewer results';
  const message = `the evidence of this run ${what}: ${remedy}`;
  return { reason: reasons.PayloadTooLarge, message };
}

/** A draft in the form that a record holds. */
export function recordedEvidence({ artifacts, problem }: DraftEvidence): RecordParts['evidence'] {
  return {
    ...(artifacts.length === 0 ? {} : { artifacts }),
    ...(problem === undefined ? {} : { problem: bounded(problem) }),
  };
}

/** Spec and evidence, with the seal over both. */
export function sealedRecord(
  metadata: RecordObject['metadata'],
  { spec, evidence: unsealed }: RecordParts,
  sealKey: SecretValue,
): RecordObject {
  const { name, namespace } = metadata;
  const evidence = { ...unsealed, sealKeyID: sealKeyID(sealKey) };
  const seal = sealRecord({ key: sealKey, namespace, name, spec, evidence });
  return { metadata, spec, evidence: { ...evidence, seal } };
}

/** Binds the backends of a spec that has none. */
export function boundSpec(
  spec: ProvenanceRecordSpec,
  backendRefs: readonly BackendRef[] | undefined,
): ProvenanceRecordSpec {
  return spec.backendRefs !== undefined || backendRefs === undefined ? spec : { ...spec, backendRefs };
}

/** Cuts a message, which may quote a run's author, to the length that a record accepts. */
function bounded({ reason, message }: Problem): Problem {
  return { reason, message: boundedText(message, MAX_MESSAGE_LENGTH) };
}
