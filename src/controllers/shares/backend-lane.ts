// SPDX-License-Identifier: Apache-2.0
import type { LaneName } from '../../runtime/lanes/worker-lanes.ts';
import { laneWithin } from './lane-within.ts';
import { backendKey, type BackendName } from '../../pipelines/backend-key.ts';

/**
 * The lane of a backend. A ClusterStorageBackend may lead to a registry of each team, and one of those that hangs must not hold up the
 * others.
 */
export function backendLane(backend: BackendName, namespace: string): LaneName {
  const lane = { name: backendKey(backend), perIdle: 0.5 };
  return backend.kind === 'StorageBackend' ? lane : laneWithin(lane, namespace);
}
