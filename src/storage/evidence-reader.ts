// SPDX-License-Identifier: Apache-2.0
import type { StorageDriver } from './driver.ts';
import { StorageError } from './storage-error.ts';
import type { RunTarget } from './run-target.ts';
import type { Location, StoredEvidence } from './stored-evidence.ts';

/** Locations of one run in one backend. */
export interface LocationsToRead<Of extends Location> {
  readonly driver: StorageDriver;
  readonly locations: readonly Of[];
  readonly run: RunTarget;
}

/** Reads one of the locations. */
export type EvidenceReader<Of extends Location> = (location: Of) => Promise<StoredEvidence>;

/** A reader of these locations. Where the backend can read them in one request, the first one asked for brings all of them. */
export function evidenceReader<Of extends Location>(
  { driver, locations, run }: LocationsToRead<Of>,
  signal: AbortSignal,
): EvidenceReader<Of> {
  const getAll = locations.length < 2 ? undefined : driver.getAll?.bind(driver);
  if (getAll === undefined) return (location) => driver.get(location, signal, run);
  let all: ReturnType<typeof getAll> | undefined;
  return async (location) => {
    all ??= getAll(locations, signal);
    const found = (await all)[locations.indexOf(location)];
    if (found === undefined) throw new TypeError(`${location.uri} is not one of the locations to read`);
    if (found instanceof StorageError) throw found;
    return found;
  };
}
