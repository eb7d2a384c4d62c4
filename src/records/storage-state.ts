// SPDX-License-Identifier: Apache-2.0
import type { StorageEntry } from '../api/v1alpha1/provenance-record/schema.ts';

type Entry = Pick<StorageEntry, 'locations' | 'unlistedLocations'>;
type State = StorageEntry['state'];

/** True when a backend holds all or part of a record. */
export function holdsAnything({ locations = [], unlistedLocations = 0 }: Entry): boolean {
  return locations.length > 0 || unlistedLocations > 0;
}

/** True when a backend holds everything that it has a place for. */
export function isDoneWith(state: State): boolean {
  return state === 'Stored' || state === 'NotApplicable';
}

/** The current name of a state: earlier versions called a backend Stored that had no place for anything. */
export function stateOf(entry: Entry & { readonly state: State }): State {
  return entry.state === 'Stored' && !holdsAnything(entry) ? 'NotApplicable' : entry.state;
}
