// SPDX-License-Identifier: Apache-2.0
import type { BackendKind } from '../api/v1alpha1/kinds.ts';
import type { EffectiveStorageBackendSpec } from '../api/v1alpha1/storage-backend/defaults.ts';
import type { Identity } from '../credentials/identity.ts';
import { StorageError } from './storage-error.ts';

/** The part of a StorageBackend or ClusterStorageBackend that a driver needs. */
export interface BackendDefinition {
  readonly kind: BackendKind;
  readonly name: string;
  /** The namespace of its references: the backend's own, or the operator's for the cluster kind. */
  readonly namespace: string;
  readonly spec: EffectiveStorageBackendSpec;
}

/** "StorageBackend team-a/registry", for messages. */
export function describeBackend(backend: Pick<BackendDefinition, 'kind' | 'name' | 'namespace'>): string {
  const name = backend.kind === 'StorageBackend' ? `${backend.namespace}/${backend.name}` : backend.name;
  return `${backend.kind} ${name}`;
}

/** `authentication` of a backend in any cloud. */
export interface CloudAuthentication {
  readonly type: 'Secret' | 'ServiceAccount' | 'WorkloadIdentity';
  readonly secretRef?: { readonly name: string };
  readonly serviceAccountName?: string;
}

/**
 * The identity for calls to a backend's cloud. Only cluster kinds may use the operator's own: the schema requires that too, and this check
 * holds for a StorageBackend that got past the schema. @throws StorageError `BackendRejected`
 */
export function backendIdentity(
  backend: Pick<BackendDefinition, 'kind' | 'name' | 'namespace'>,
  authentication: CloudAuthentication,
): Identity {
  const { type, secretRef, serviceAccountName } = authentication;
  const { namespace } = backend;
  if (type === 'Secret' && secretRef !== undefined) return { type, namespace, secretName: secretRef.name };
  if (type === 'ServiceAccount' && serviceAccountName !== undefined) return { type, namespace, serviceAccountName };
  if (type === 'WorkloadIdentity' && backend.kind === 'ClusterStorageBackend') return { type: 'Operator' };
  const message = `${describeBackend(backend)} cannot be called as ${type}; name a Secret or a ServiceAccount of its namespace`;
  throw new StorageError('BackendRejected', message);
}
