// SPDX-License-Identifier: Apache-2.0
import type { LaneName } from '../../runtime/lanes/worker-lanes.ts';
import { laneWithin } from './lane-within.ts';
import { policyKey, type PolicyName } from '../../pipelines/policy-key.ts';

/** The lane of a policy's signer, its witnesses and the registries that it reads. A ClusterSigningPolicy may sign as each team. */
export function policyLane(policy: PolicyName, namespace: string): LaneName {
  const lane = { name: policyKey(policy), perIdle: 0.5 };
  return policy.kind === 'SigningPolicy' ? lane : laneWithin(lane, namespace);
}
