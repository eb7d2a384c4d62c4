// SPDX-License-Identifier: Apache-2.0
import Type, { type Static } from 'typebox';
import { type CelRule, unionRule } from '../fields/cel-rule.ts';
import type { Immutable } from '../fields/immutable.ts';
import { objectName } from '../fields/object-name.ts';

/** Kubernetes generates UUIDs, but a UID is an opaque string. */
export const uid = (description: string) => Type.String({ description, minLength: 1, maxLength: 64 });

const immutableSpec: CelRule = {
  rule:
    'self.runRef == oldSelf.runRef && self.policyRef == oldSelf.policyRef && self.outcome == oldSelf.outcome && ' +
    'self.completionTime == oldSelf.completionTime && self.mode == oldSelf.mode && ' +
    'self.serviceAccountName == oldSelf.serviceAccountName && ' +
    'has(self.retention) == has(oldSelf.retention) && ' +
    '(!has(self.retention) || self.retention == oldSelf.retention) && ' +
    'has(self.evidence) == has(oldSelf.evidence) && (!has(self.evidence) || self.evidence == oldSelf.evidence)',
  message: 'spec must not change; backendRefs alone may, under rules of their own',
};

const runRef = Type.Object(
  {
    apiVersion: Type.Enum(['tekton.dev/v1'], { description: 'API version of the run.' }),
    kind: Type.Enum(['TaskRun', 'PipelineRun'], { description: 'Kind of the run.' }),
    name: objectName('Name of the run.'),
    uid: uid('UID of the run: a later run of the same name is another run.'),
  },
  { description: "The run, in the record's namespace." },
);

const policyRef = Type.Object(
  {
    kind: Type.Enum(['SigningPolicy', 'ClusterSigningPolicy'], { description: 'Kind of the policy.' }),
    name: objectName('Name of the policy.'),
  },
  { description: 'The policy that selected the run.' },
);

const retention = Type.Object(
  {
    type: Type.Enum(['Keep', 'WithRun', 'Seconds'], {
      description: 'Keep for ever, with the run, or for a time after its completion.',
    }),
    seconds: Type.Optional(
      Type.Integer({
        description: 'With type Seconds: for how long.',
        minimum: 1,
        maximum: 3_153_600_000,
        format: 'int64',
      }),
    ),
  },
  {
    description:
      "The policy's retention when the record was made. It applies once the policy is deleted; until then the policy's own does.",
    'x-kubernetes-validations': [unionRule('type', 'Seconds', 'seconds')],
  },
);

/** A policy without backends uses all in reach. */
export const MAX_BACKENDS = 128;

export const backendKind = Type.Enum(['StorageBackend', 'ClusterStorageBackend'], {
  description: 'Kind of the backend.',
});

const backendRef = Type.Object({
  kind: backendKind,
  name: objectName('Name of the backend.'),
  uid: Type.Optional(uid('UID of the backend when the record was made.')),
});

/** Schema of a ProvenanceRecord's spec. */
export const provenanceRecordSpec = Type.Object(
  {
    runRef,
    policyRef,
    outcome: Type.Enum(['Succeeded', 'Failed', 'Cancelled'], { description: 'How the run ended.' }),
    completionTime: Type.String({ description: 'When the run ended.', format: 'date-time' }),
    mode: Type.Enum(['Enforce', 'Audit'], {
      description:
        "The policy's mode when the run was recorded: a policy that audited is not made to sign its past by an edit.",
    }),
    // No rule for names: a failed run may carry any value and still gets its record.
    serviceAccountName: Type.String({
      description: 'ServiceAccount of the run, whose registry credentials an OCI backend may use.',
      minLength: 1,
      maxLength: 253,
    }),
    retention: Type.Optional(retention),
    evidence: Type.Optional(
      Type.Enum(['Keep', 'UntilStored'], {
        description:
          "The policy's record.evidence when the record was made. Absent: Keep. UntilStored drops each payload from the record once it is stored and read back.",
      }),
    ),
    backendRefs: Type.Optional(
      Type.Array(backendRef, {
        description:
          'The backends that the evidence is promised to. Absent while the run has no backend. Changes only if a backend is gone and the policy no longer names it, or if no backend can hold some artifact.',
        maxItems: MAX_BACKENDS,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['kind', 'name'],
      }),
    ),
  },
  {
    description: 'Which run, policy and backends this is about. Immutable but for backendRefs.',
    'x-kubernetes-validations': [immutableSpec],
  },
);

type Spec = Immutable<Static<typeof provenanceRecordSpec>>;
export type ProvenanceRecordSpec = Spec;
export type BackendRef = NonNullable<Spec['backendRefs']>[number];
