// SPDX-License-Identifier: Apache-2.0
import { StorageError } from './storage-error.ts';
import type { Location } from './stored-evidence.ts';

/** Write an artifact to several locations, which `work` adds to the list. A StorageError carries the locations written before it. */
export async function collectLocations(work: (locations: Location[]) => Promise<void>): Promise<readonly Location[]> {
  const locations: Location[] = [];
  try {
    await work(locations);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    const { reason, message, cause, retryAfterSeconds } = error;
    throw new StorageError(reason, message, { cause, retryAfterSeconds, locations: [...locations] });
  }
  return locations;
}
