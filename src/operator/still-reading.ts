// SPDX-License-Identifier: Apache-2.0
import type { WatchSource } from '../kube/watch/list-watch-options.ts';

/** The problem of an operator that waits for its first lists, with the failure of the one that it waits for. */
export function stillReading(watches: readonly Pick<WatchSource, 'brokenMs' | 'lastError' | 'synced'>[]): string {
  const failing = watches.find(({ synced, brokenMs }) => !synced && brokenMs > 0);
  const why = failing?.lastError === undefined ? '' : `: ${failing.lastError}`;
  return `still reading what is there${why}`;
}
