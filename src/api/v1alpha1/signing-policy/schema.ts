// SPDX-License-Identifier: Apache-2.0
import Type, { type Static } from 'typebox';
import { API_VERSION } from '../group-version.ts';
import type { Immutable } from '../fields/immutable.ts';
import { labelSelector } from '../fields/label-selector.ts';
import { namespacedObjectMeta } from '../fields/object-meta.ts';
import { namespacedSignerRules } from './policy-kms.ts';
import {
  allowedRepositories,
  onIgnored,
  policyBackendRefs,
  policySpecFields,
  policySpecRules,
  policyStatus,
} from './policy-spec.ts';

/** Schema of a SigningPolicy's spec. */
export const signingPolicySpec = Type.Object(
  {
    selector: Type.Optional(
      labelSelector('The runs of this namespace that are signed, by label. Absent or empty: all of them.'),
    ),
    ...policySpecFields,
    subjects: Type.Optional(
      Type.Object(
        {
          allowedRepositories: Type.Optional(
            allowedRepositories(
              'Globs over whole repository names that subjects may lie in; a subject outside makes the run unsigned. Absent or empty: any.',
              0,
            ),
          ),
          onIgnored: Type.Optional(onIgnored),
        },
        { description: 'What runs may claim to have built.' },
      ),
    ),
    backendRefs: Type.Optional(policyBackendRefs('StorageBackend', 'ClusterStorageBackend')),
  },
  {
    description: 'Which runs of this namespace are signed, how, and by which key.',
    'x-kubernetes-validations': [...policySpecRules, ...namespacedSignerRules],
  },
);

/** Schema of a stored SigningPolicy. */
export const signingPolicySchema = Type.Object({
  apiVersion: Type.Literal(API_VERSION),
  kind: Type.Literal('SigningPolicy'),
  metadata: namespacedObjectMeta,
  spec: signingPolicySpec,
  status: Type.Optional(policyStatus),
});

export type SigningPolicy = Immutable<Static<typeof signingPolicySchema>>;
export type SigningPolicySpec = SigningPolicy['spec'];
export type SigningPolicyStatus = NonNullable<SigningPolicy['status']>;
