// SPDX-License-Identifier: Apache-2.0
import type { LaneName } from '../../runtime/lanes/worker-lanes.ts';
import { policyKey, type PolicyName } from '../../pipelines/policy-key.ts';
import { backendKey, type BackendName } from '../../pipelines/backend-key.ts';

/** The lane of a policy's signer, its witnesses and the registries that it reads. A ClusterSigningPolicy may sign as each team. */
export function policyLane(policy: PolicyName, namespace: string): LaneName {
  const lane = { name: policyKey(policy), perIdle: 0.5 };
  return policy.kind === 'SigningPolicy' ? lane : laneWithin(lane, namespace);
}

/**
 * The lane of a backend. A ClusterStorageBackend may store in a registry of each team, of which one that hangs must not delay the
 * others.
 */
export function backendLane(backend: BackendName, namespace: string): LaneName {
  const lane = { name: backendKey(backend), perIdle: 0.5 };
  return backend.kind === 'StorageBackend' ? lane : laneWithin(lane, namespace);
}

/** Places of the lane that one namespace may hold for each free one: two thirds of them when it is alone. */
const PER_FREE = 2;

/** A namespace's share of the lane of something that the whole cluster uses. */
function laneWithin(within: Omit<LaneName, 'within'>, namespace: string): LaneName {
  return { name: `${within.name} for ${namespace}`, perIdle: PER_FREE, within };
}
