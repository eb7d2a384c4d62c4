// SPDX-License-Identifier: Apache-2.0
import Type, { type Static } from 'typebox';
import { API_VERSION } from '../group-version.ts';
import type { Immutable } from '../fields/immutable.ts';
import { labelSelector } from '../fields/label-selector.ts';
import { clusterObjectMeta } from '../fields/object-meta.ts';
import {
  allowedRepositories,
  onIgnored,
  policyBackendRefs,
  policySpecFields,
  policySpecRules,
  policyStatus,
} from '../signing-policy/policy-spec.ts';

/** Schema of a ClusterSigningPolicy's spec. */
export const clusterSigningPolicySpec = Type.Object(
  {
    namespaceSelector: Type.Optional(
      labelSelector(
        "The namespaces whose runs are signed, by label. Absent or empty: every namespace but the operator's own and those named kube-*.",
      ),
    ),
    selector: Type.Optional(labelSelector('The runs that are signed, by label. Absent or empty: all of them.')),
    ...policySpecFields,
    subjects: Type.Object(
      {
        allowedRepositories: allowedRepositories(
          'Globs over whole repository names that subjects may lie in; a subject outside makes the run unsigned. ["*"] allows any.',
          1,
        ),
        onIgnored: Type.Optional(onIgnored),
      },
      {
        description:
          'Repositories that runs may claim to have built. Required, because one key signs for many namespaces.',
      },
    ),
    backendRefs: Type.Optional(policyBackendRefs('ClusterStorageBackend')),
  },
  {
    description: 'Which runs of which namespaces are signed, how, and by which key.',
    'x-kubernetes-validations': policySpecRules,
  },
);

/** Schema of a stored ClusterSigningPolicy. */
export const clusterSigningPolicySchema = Type.Object({
  apiVersion: Type.Literal(API_VERSION),
  kind: Type.Literal('ClusterSigningPolicy'),
  metadata: clusterObjectMeta,
  spec: clusterSigningPolicySpec,
  status: Type.Optional(policyStatus),
});

export type ClusterSigningPolicy = Immutable<Static<typeof clusterSigningPolicySchema>>;
export type ClusterSigningPolicySpec = ClusterSigningPolicy['spec'];
