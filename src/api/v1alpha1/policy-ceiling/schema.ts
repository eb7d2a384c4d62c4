// SPDX-License-Identifier: Apache-2.0
import Type, { type Static } from 'typebox';
import { conditionList } from '../condition.ts';
import type { Immutable } from '../fields/immutable.ts';
import { clusterObjectMeta } from '../fields/object-meta.ts';
import { API_VERSION } from '../group-version.ts';
import { policyCeilingSpec } from './ceiling-spec.ts';

/** Types of a PolicyCeiling's conditions. */
export const ceilingConditionTypes = ['Ready', 'Reconciling', 'Stalled'] as const;

function observedCount(description: string) {
  return Type.Integer({ description, minimum: 0, format: 'int64' });
}

const observed = Type.Object(
  {
    namespaces: observedCount('Namespaces that it bounds.'),
    policies: observedCount('SigningPolicies in them.'),
    exceedingPolicies: observedCount('SigningPolicies that exceed it.'),
    backends: observedCount('StorageBackends in them.'),
    exceedingBackends: observedCount('StorageBackends that exceed it.'),
  },
  { description: 'What it bounds.' },
);

const policyCeilingStatus = Type.Object(
  {
    observedGeneration: Type.Optional(
      Type.Integer({
        description: 'metadata.generation that this status was computed from.',
        minimum: 0,
        format: 'int64',
      }),
    ),
    conditions: Type.Optional(conditionList(ceilingConditionTypes)),
    observed: Type.Optional(observed),
  },
  { description: 'What the operator found. Written by the operator only.' },
);

/** Schema of a stored PolicyCeiling. */
export const policyCeilingSchema = Type.Object({
  apiVersion: Type.Literal(API_VERSION),
  kind: Type.Literal('PolicyCeiling'),
  metadata: clusterObjectMeta,
  spec: policyCeilingSpec,
  status: Type.Optional(policyCeilingStatus),
});

type PolicyCeiling = Immutable<Static<typeof policyCeilingSchema>>;
export type PolicyCeilingSpec = PolicyCeiling['spec'];
export type PolicyCeilingObserved = NonNullable<NonNullable<PolicyCeiling['status']>['observed']>;
