// SPDX-License-Identifier: Apache-2.0
import { ageColumn, conditionColumn } from '../columns.ts';
import type { KindPage } from '../kind-page.ts';

export const provenanceRecordPage: KindPage = {
  kind: 'ProvenanceRecord',
  purpose: `A ProvenanceRecord reports the outcome of one finished run under one policy: what was signed, and where it is stored.

The operator creates one for every run and each policy that selects it, in the run's namespace. Only the operator may write it. It is
\`Ready\` only when every artifact is signed and stored in every backend promised for it, so
\`kubectl wait --for=condition=Ready provenancerecord/NAME\` waits for exactly that. The evidence holds the payloads and
signatures themselves; by \`seal\`, the operator recognises its own records. If you delete a record, the operator makes it again
while its run exists.`,
  example: `apiVersion: hallmark.dev/v1alpha1
kind: ProvenanceRecord
metadata:
  name: bake-1-q3v8k2mx7d
  namespace: team-a
spec:
  runRef:
    apiVersion: tekton.dev/v1
    kind: TaskRun
    name: bake-1
    uid: 7d8f3c4e-0f57-4a39-9d0c-0a8f1a2b3c4d
  policyRef:
    kind: SigningPolicy
    name: builds
  outcome: Succeeded
  completionTime: '2026-01-31T12:00:00Z'
  mode: Enforce
  serviceAccountName: builder
  backendRefs:
    - kind: StorageBackend
      name: registry
`,
  columns: [
    { name: 'Run', type: 'string', jsonPath: '.spec.runRef.name', description: 'Name of the run.' },
    { name: 'Kind', type: 'string', jsonPath: '.spec.runRef.kind', description: 'Kind of the run.' },
    { name: 'Policy', type: 'string', jsonPath: '.spec.policyRef.name', description: 'Name of the policy.' },
    {
      name: 'Subjects',
      type: 'integer',
      jsonPath: '.status.subjects',
      description: 'Number of subjects in the evidence.',
    },
    conditionColumn('Signed', 'Signed', 'status'),
    {
      name: 'Stored',
      type: 'string',
      jsonPath: '.status.stored',
      description: 'Backends that hold the evidence, of those that can.',
    },
    {
      name: 'Warnings',
      type: 'integer',
      jsonPath: '.status.warnings',
      description: 'Number of warnings in the evidence.',
    },
    { name: 'Reason', type: 'string', jsonPath: '.status.reason', description: 'Reason of the condition Ready.' },
    {
      name: 'Message',
      type: 'string',
      jsonPath: '.status.message',
      description: 'Message of the condition Ready.',
      wide: true,
    },
    ageColumn,
  ],
  selectableFields: [
    '.spec.runRef.kind',
    '.spec.runRef.name',
    '.spec.runRef.uid',
    '.spec.policyRef.kind',
    '.spec.policyRef.name',
    '.spec.outcome',
    '.status.reason',
  ],
  conditions: [
    {
      type: 'Ready',
      meaning: 'Every artifact is signed and stored in every backend promised for it, or the policy is in Audit mode.',
    },
    {
      type: 'Complete',
      meaning:
        'The evidence covers everything that the run announced, and some backend can hold every artifact. False names the first omission.',
    },
    { type: 'Signed', meaning: 'Every artifact carries its signature.' },
    { type: 'Stored', meaning: 'Every backend of the record holds the evidence.' },
    {
      type: 'RunAnnotated',
      meaning:
        'The run has the annotations of Tekton Chains. Only with `compatibility.chainsAnnotations` in the policy, and while the run exists.',
    },
    { type: 'Reconciling', meaning: 'The operator is working, or will retry.' },
    { type: 'Stalled', meaning: 'Nothing will change until you act; the message says how.' },
  ],
  reasons: [
    'Stored',
    'Signed',
    'Logged',
    'Verified',
    'Complete',
    'Progressing',
    'AuditOnly',
    'Suspended',
    'WaitingForChildren',
    'ChildMissing',
    'ChildReplaced',
    'ChildrenReadLater',
    'NoSubjects',
    'SubjectIgnored',
    'StatementIncomplete',
    'PayloadInvalid',
    'PayloadTooLarge',
    'SubjectNotAllowed',
    'PolicyInvalid',
    'PolicyDeleted',
    'KeyNotFound',
    'KeyInvalid',
    'KeyExpired',
    'SignerUnavailable',
    'SignerUnauthorized',
    'TransparencyLogUnavailable',
    'TimestampAuthorityUnavailable',
    'BackendNotFound',
    'BackendNotReady',
    'BackendUnauthorized',
    'BackendUnavailable',
    'BackendRejected',
    'KeyConflict',
    'EndpointForbidden',
    'VerificationFailed',
    'RunDeleted',
    'AnnotationForbidden',
  ],
  defaults: new Map(),
};
