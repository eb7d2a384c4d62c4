// SPDX-License-Identifier: Apache-2.0
import type { LaneName } from '../../runtime/lanes/worker-lanes.ts';

/** How many places of the lane one namespace may hold for each that is free: two thirds of them when it is alone. */
const PER_FREE = 2;

/** A namespace's share of the lane of something that the whole cluster uses. */
export function laneWithin(within: Omit<LaneName, 'within'>, namespace: string): LaneName {
  return { name: `${within.name} for ${namespace}`, perIdle: PER_FREE, within };
}
