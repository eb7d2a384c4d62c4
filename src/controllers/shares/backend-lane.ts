// SPDX-License-Identifier: Apache-2.0
import type { LaneName } from '../../runtime/lanes/worker-lanes.ts';
import { type BackendDefinition, describeBackend } from '../../storage/backend-definition.ts';
import { laneWithin } from './lane-within.ts';

/**
 * The lane of a backend. A ClusterStorageBackend may lead to a registry of each team, and one of those that hangs must not hold up the
 * others.
 */
export function backendLane(
  backend: Pick<BackendDefinition, 'kind' | 'namespace' | 'name'>,
  namespace: string,
): LaneName {
  const lane = { name: describeBackend(backend), perIdle: 0.5 };
  return backend.kind === 'StorageBackend' ? lane : laneWithin(lane, namespace);
}
