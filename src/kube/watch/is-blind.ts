// SPDX-License-Identifier: Apache-2.0
import type { WatchSource } from './list-watch-options.ts';

/** A replica that has not learnt for longer what happens leaves its work to others. */
const BLIND_MS = 30_000;

/** True when one of the watches has failed for so long that the replica does not know what happens in the cluster. */
export function isBlind(watches: readonly Pick<WatchSource, 'brokenMs'>[]): boolean {
  return watches.some(({ brokenMs }) => brokenMs > BLIND_MS);
}
