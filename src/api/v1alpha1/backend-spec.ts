// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import type { CelRule } from './cel-rule.ts';
import { oci } from './backend-types/oci.ts';
import { unionRule } from './cel-rule.ts';
import { conditionList } from './condition.ts';
import { enumSet } from './string-set.ts';

/** Shared by StorageBackend and ClusterStorageBackend: all that does not depend on the scope. */
export const backendConditionTypes = ['Ready', 'Reconciling', 'Stalled'] as const;

/** Rules about a backend's spec as a whole: the member that belongs to its type. */
export const backendSpecRules: readonly CelRule[] = [unionRule('type', 'OCI', 'oci')];

/** Fields of a backend's spec that do not depend on its scope. */
export const backendSpecFields = {
  type: Type.Enum(['Tekton', 'OCI'], {
    description: 'Where evidence goes: Tekton writes annotations on the run, OCI writes to the registry of the image.',
  }),
  artifacts: Type.Optional(
    enumSet(['Attestation', 'ImageSignature'], { description: 'Kinds of evidence it takes.', minItems: 1 }),
  ),
  oci: Type.Optional(oci),
};

/** Status of both backend kinds. */
export const backendStatus = Type.Object(
  {
    observedGeneration: Type.Optional(
      Type.Integer({
        description: 'metadata.generation that this status was computed from.',
        minimum: 0,
        format: 'int64',
      }),
    ),
    conditions: Type.Optional(conditionList(backendConditionTypes)),
  },
  { description: 'What the operator found. Written by the operator only.' },
);
