// SPDX-License-Identifier: Apache-2.0
import Type, { type Static } from 'typebox';
import type { CelRule } from '../fields/cel-rule.ts';
import { API_VERSION } from '../group-version.ts';
import type { Immutable } from '../fields/immutable.ts';
import { namespacedObjectMeta } from '../fields/object-meta.ts';
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

const isRebound =
  'has(oldSelf.spec.backendRefs) && has(self.spec.backendRefs) && self.spec.backendRefs != oldSelf.spec.backendRefs';
const lacksBackends = (reason: string): string => `${reason} in ['BackendNotFound', 'NoSubjects']`;

const boundRefs: CelRule = {
  rule:
    '(!has(oldSelf.spec.backendRefs) || has(self.spec.backendRefs)) && ' +
    `(!(${isRebound}) || (has(oldSelf.status) && ` +
    `((has(oldSelf.status.reason) && ${lacksBackends('oldSelf.status.reason')}) || ` +
    `(has(oldSelf.status.storage) && oldSelf.status.storage.exists(s, has(s.reason) && ${lacksBackends('s.reason')})))))`,
  message:
    'spec must not change; backendRefs alone may be set once where it was absent, or changed while the status says BackendNotFound or NoSubjects',
};

const heldEvidence: CelRule = {
  rule:
    `!(${isRebound}) || !has(oldSelf.status) || !has(oldSelf.status.storage) || ` +
    "oldSelf.status.storage.all(s, s.state != 'Stored' || (has(s.isBackfill) && s.isBackfill) || " +
    'self.spec.backendRefs.exists(r, r.kind == s.backendRef.kind && r.name == s.backendRef.name))',
  message: 'a backend that holds the evidence must stay in spec.backendRefs',
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
  { 'x-kubernetes-validations': [keptEvidence, boundRefs, heldEvidence] },
);

export type ProvenanceRecord = Immutable<Static<typeof provenanceRecordSchema>>;
