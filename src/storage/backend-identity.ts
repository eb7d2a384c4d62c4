// SPDX-License-Identifier: Apache-2.0
import type { Identity } from '../credentials/identity.ts';
import { describeBackend } from './backend-definition.ts';
import type { BackendDefinition } from './backend-definition.ts';
import { StorageError } from './storage-error.ts';

/** `authentication` of a type that lives in a cloud, whichever. */
export interface CloudAuthentication {
  readonly type: 'Secret' | 'ServiceAccount' | 'WorkloadIdentity';
  readonly secretRef?: { readonly name: string };
  readonly serviceAccountName?: string;
}

/**
 * As whom a backend's cloud is called. The operator's own identity is for cluster kinds: the schema says so too, and this holds even
 * where a StorageBackend got past it. @throws StorageError `BackendRejected`
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
