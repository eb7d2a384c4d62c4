// SPDX-License-Identifier: Apache-2.0
import Type, { type Static } from 'typebox';
import type { CelRule } from '../cel-rule.ts';
import { API_VERSION } from '../group-version.ts';
import type { Immutable } from '../immutable.ts';
import { namespacedObjectMeta } from '../object-meta.ts';
import { provenanceRecordEvidence } from './evidence.ts';
import { provenanceRecordSpec } from './spec.ts';
import { provenanceRecordStatus } from './status.ts';

export type { EvidenceArtifact, ProvenanceRecordEvidence } from './evidence.ts';
export type { BackendRef, ProvenanceRecordSpec } from './spec.ts';
export type { ProvenanceRecordStatus, StorageEntry } from './status.ts';

const keptEvidence: CelRule = {
  rule: '!has(oldSelf.evidence) || has(self.evidence)',
  message: 'evidence must not be removed',
};

/** Schema of a stored ProvenanceRecord. */
export const provenanceRecordSchema = Type.Object(
  {
    apiVersion: Type.Literal(API_VERSION),
    kind: Type.Literal('ProvenanceRecord'),
    metadata: namespacedObjectMeta,
    spec: provenanceRecordSpec,
    evidence: Type.Optional(provenanceRecordEvidence),
    status: Type.Optional(provenanceRecordStatus),
  },
  { 'x-kubernetes-validations': [keptEvidence] },
);

export type ProvenanceRecord = Immutable<Static<typeof provenanceRecordSchema>>;
