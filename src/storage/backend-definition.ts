// SPDX-License-Identifier: Apache-2.0
import type { BackendKind } from '../api/v1alpha1/kinds.ts';
import type { EffectiveStorageBackendSpec } from '../api/v1alpha1/storage-backend/defaults.ts';

/** What a driver needs of a StorageBackend or ClusterStorageBackend. */
export interface BackendDefinition {
  readonly kind: BackendKind;
  readonly name: string;
  /** Where its references are read: the backend's own namespace, the operator's for the cluster kind. */
  readonly namespace: string;
  readonly spec: EffectiveStorageBackendSpec;
}

/** "StorageBackend team-a/registry", for messages. */
export function describeBackend(backend: Pick<BackendDefinition, 'kind' | 'name' | 'namespace'>): string {
  const name = backend.kind === 'StorageBackend' ? `${backend.namespace}/${backend.name}` : backend.name;
  return `${backend.kind} ${name}`;
}
