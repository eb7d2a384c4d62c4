// SPDX-License-Identifier: Apache-2.0
import { clusterSigningPolicySchema } from './cluster-signing-policy/schema.ts';
import { clusterStorageBackendSchema } from './cluster-storage-backend/schema.ts';
import { policyCeilingSchema } from './policy-ceiling/schema.ts';
import { provenanceRecordSchema } from './provenance-record/schema.ts';
import { signingPolicySchema } from './signing-policy/schema.ts';
import { storageBackendSchema } from './storage-backend/schema.ts';

/** Every kind of the group: its names, its scope and its schema. */
export const kinds = {
  SigningPolicy: { plural: 'signingpolicies', shortName: 'sp', namespaced: true, schema: signingPolicySchema },
  StorageBackend: { plural: 'storagebackends', shortName: 'sb', namespaced: true, schema: storageBackendSchema },
  ClusterSigningPolicy: {
    plural: 'clustersigningpolicies',
    shortName: 'csp',
    namespaced: false,
    schema: clusterSigningPolicySchema,
  },
  ClusterStorageBackend: {
    plural: 'clusterstoragebackends',
    shortName: 'csb',
    namespaced: false,
    schema: clusterStorageBackendSchema,
  },
  PolicyCeiling: { plural: 'policyceilings', shortName: 'pcl', namespaced: false, schema: policyCeilingSchema },
  ProvenanceRecord: { plural: 'provenancerecords', shortName: 'pvr', namespaced: true, schema: provenanceRecordSchema },
} as const;

/** Name of a kind of the group. */
export type KindName = keyof typeof kinds;

export type PolicyKind = 'SigningPolicy' | 'ClusterSigningPolicy';
export type BackendKind = 'StorageBackend' | 'ClusterStorageBackend';
/** Tekton's kinds that policies select and records name. */
export type RunKind = 'TaskRun' | 'PipelineRun';

/** True when `kind` is a kind of the group. */
export function isKindName(kind: unknown): kind is KindName {
  return typeof kind === 'string' && Object.hasOwn(kinds, kind);
}
