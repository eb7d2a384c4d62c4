// SPDX-License-Identifier: Apache-2.0
import Type, { type Static } from 'typebox';
import { noWorkloadIdentity } from '../backend-types/cloud-authentication.ts';
import { backendSpecFields, backendSpecRules, backendStatus } from './backend-spec.ts';
import { API_VERSION } from '../group-version.ts';
import type { Immutable } from '../fields/immutable.ts';
import { labelSelector } from '../fields/label-selector.ts';
import { namespacedObjectMeta } from '../fields/object-meta.ts';

/** Members whose authentication supports the operator's own identity. */
const CLOUD_MEMBERS = ['oci', 'gcs', 's3', 'firestore', 'dynamodb', 'grafeas'] as const;

/** Schema of a StorageBackend's spec. */
export const storageBackendSpec = Type.Object(
  {
    selector: Type.Optional(labelSelector('The runs whose evidence it takes, by label. Absent or empty: all of them.')),
    ...backendSpecFields,
  },
  {
    description: 'Where evidence of this namespace goes.',
    'x-kubernetes-validations': [...backendSpecRules, ...CLOUD_MEMBERS.map(noWorkloadIdentity)],
  },
);

/** Schema of a stored StorageBackend. */
export const storageBackendSchema = Type.Object({
  apiVersion: Type.Literal(API_VERSION),
  kind: Type.Literal('StorageBackend'),
  metadata: namespacedObjectMeta,
  spec: storageBackendSpec,
  status: Type.Optional(backendStatus),
});

export type StorageBackend = Immutable<Static<typeof storageBackendSchema>>;
export type StorageBackendSpec = StorageBackend['spec'];
