// SPDX-License-Identifier: Apache-2.0
import { DEFERRED, type Outcome } from '../queue/outcome.ts';
import type { LaneName, WorkerLanes } from './worker-lanes.ts';

/** Works on a key within lanes. @returns `DEFERRED` when one of them is full: the key is woken when its turn comes */
export async function inLanes<Key extends string>(
  lanes: WorkerLanes<Key>,
  { key, names }: { readonly key: Key; readonly names: readonly LaneName[] },
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  const leave = lanes.enter(names, key);
  if (leave === undefined) return DEFERRED;
  try {
    return await work();
  } finally {
    leave();
  }
}
