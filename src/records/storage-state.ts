// SPDX-License-Identifier: Apache-2.0
import type { StorageEntry } from '../api/v1alpha1/provenance-record/schema.ts';

type Entry = Pick<StorageEntry, 'locations' | 'unlistedLocations'>;
type State = StorageEntry['state'];

/** True when a backend holds anything of a record, all of it or a part. */
export function holdsAnything({ locations = [], unlistedLocations = 0 }: Entry): boolean {
  return locations.length > 0 || unlistedLocations > 0;
}

/** True when a backend has nothing left to store: it holds all that it has a place for. */
export function isDoneWith(state: State): boolean {
  return state === 'Stored' || state === 'NotApplicable';
}

/** The state of a backend as it is called now: once a backend that had no place for anything was called Stored. */
export function stateOf(entry: Entry & { readonly state: State }): State {
  return entry.state === 'Stored' && !holdsAnything(entry) ? 'NotApplicable' : entry.state;
}
