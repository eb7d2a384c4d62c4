// SPDX-License-Identifier: Apache-2.0
import { MAX_ARTIFACTS } from '../../api/v1alpha1/provenance-record/evidence.ts';
import type {
  BackendRef,
  EvidenceArtifact,
  ProvenanceRecordEvidence,
  ProvenanceRecordSpec,
} from '../../api/v1alpha1/provenance-record/schema.ts';
import { reasons } from '../../api/v1alpha1/reasons.ts';
import { sealRecord } from '../../evidence/seal.ts';
import type { SecretValue } from '../../runtime/secret-value.ts';
import type { Problem } from './record-facts.ts';

/** All evidence of a record together stays below this, so that the object stays well below what etcd takes. */
const MAX_EVIDENCE_LENGTH = 1_048_576;
const MAX_MESSAGE_LENGTH = 4096;

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

/** What a run came to: artifacts, signed or not, or why there are none. */
export interface DraftEvidence {
  readonly artifacts: readonly EvidenceArtifact[];
  readonly problem?: Problem;
}

/** Evidence within the bounds of a record, or `PayloadTooLarge` instead of it. */
export function boundedEvidence(draft: DraftEvidence): DraftEvidence {
  // What stands beside the payloads counts too: many images make it long, and etcd takes no object above 1.5 MiB.
  const length = draft.artifacts.reduce((sum, artifact) => sum + JSON.stringify(artifact).length, 0);
  const problem =
    length > MAX_EVIDENCE_LENGTH
      ? tooLarge(`takes ${length} bytes (payloads in gzip, base64) and a record holds ${MAX_EVIDENCE_LENGTH}`)
      : tooManyArtifacts(draft.artifacts.length);
  return problem === undefined ? draft : { artifacts: [], problem };
}

/** Why a record cannot hold so many artifacts; worth asking before they are packed. */
export function tooManyArtifacts(count: number): Problem | undefined {
  if (count <= MAX_ARTIFACTS) return undefined;
  return tooLarge(`names so many images that it takes ${count} artifacts and a record holds ${MAX_ARTIFACTS}`);
}

function tooLarge(what: string): Problem {
  const message = `the evidence of this run ${what}: turn off deepInspection, or have the run state fewer results`;
  return { reason: reasons.PayloadTooLarge, message };
}

/** Spec and evidence with the seal over both. */
export function sealedRecord(
  metadata: RecordObject['metadata'],
  parts: { readonly spec: ProvenanceRecordSpec; readonly draft: DraftEvidence },
  sealKey: SecretValue,
): RecordObject {
  const { spec, draft } = parts;
  const evidence: ProvenanceRecordEvidence = {
    ...(draft.artifacts.length === 0 ? {} : { artifacts: draft.artifacts }),
    ...(draft.problem === undefined ? {} : { problem: bounded(draft.problem) }),
  };
  const { name, namespace } = metadata;
  const seal = sealRecord({ key: sealKey, namespace, name, spec, evidence });
  return { metadata, spec, evidence: { ...evidence, seal } };
}

/** The spec with its backends bound, where they were not. */
export function boundSpec(
  spec: ProvenanceRecordSpec,
  backendRefs: readonly BackendRef[] | undefined,
): ProvenanceRecordSpec {
  return spec.backendRefs !== undefined || backendRefs === undefined ? spec : { ...spec, backendRefs };
}

/** A message can quote what a run's author wrote, and a record takes only so much of it. */
function bounded({ reason, message }: Problem): Problem {
  return { reason, message: message.slice(0, MAX_MESSAGE_LENGTH) };
}
