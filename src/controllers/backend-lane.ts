// SPDX-License-Identifier: Apache-2.0
import type { LaneName } from '../runtime/worker-lanes.ts';
import { type BackendDefinition, describeBackend } from '../storage/backend-definition.ts';

/**
 * The lane of a backend. Within that of a cluster's backend each namespace has a share: a ClusterStorageBackend may lead to a registry of
 * each team, and one of those that hangs must not hold up the others.
 */
export function backendLane(
  backend: Pick<BackendDefinition, 'kind' | 'namespace' | 'name'>,
  namespace: string,
): LaneName {
  const name = describeBackend(backend);
  if (backend.kind === 'StorageBackend') return { name, perIdle: 0.5 };
  return { name: `${name} for ${namespace}`, perIdle: 2, within: { name, perIdle: 0.5 } };
}
