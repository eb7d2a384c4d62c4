// SPDX-License-Identifier: Apache-2.0
import Type, { type Static } from 'typebox';
import { backendSpecFields, backendSpecRules, backendStatus } from '../storage-backend/backend-spec.ts';
import { API_VERSION } from '../group-version.ts';
import type { Immutable } from '../fields/immutable.ts';
import { labelSelector } from '../fields/label-selector.ts';
import { clusterObjectMeta } from '../fields/object-meta.ts';
import { enumSet } from '../fields/string-set.ts';

/** Schema of a ClusterStorageBackend's spec. */
export const clusterStorageBackendSpec = Type.Object(
  {
    namespaceSelector: Type.Optional(
      labelSelector(
        "The namespaces whose evidence it takes, by label. Absent or empty: every namespace but the operator's own and those named kube-*.",
      ),
    ),
    selector: Type.Optional(labelSelector('The runs whose evidence it takes, by label. Absent or empty: all of them.')),
    acceptFrom: Type.Optional(
      enumSet(['SigningPolicy'], {
        description:
          "Kinds of policies whose evidence it takes, in addition to cluster policies. Its credentials are the platform's.",
        minItems: 0,
      }),
    ),
    ...backendSpecFields,
  },
  { description: 'Where evidence goes that cluster policies sign.', 'x-kubernetes-validations': backendSpecRules },
);

/** Schema of a stored ClusterStorageBackend. */
export const clusterStorageBackendSchema = Type.Object({
  apiVersion: Type.Literal(API_VERSION),
  kind: Type.Literal('ClusterStorageBackend'),
  metadata: clusterObjectMeta,
  spec: clusterStorageBackendSpec,
  status: Type.Optional(backendStatus),
});

export type ClusterStorageBackend = Immutable<Static<typeof clusterStorageBackendSchema>>;
export type ClusterStorageBackendSpec = ClusterStorageBackend['spec'];
