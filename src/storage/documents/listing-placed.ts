// SPDX-License-Identifier: Apache-2.0
import type { Location } from '../driver.ts';
import { StorageError } from '../storage-error.ts';

/**
 * Writes an artifact that goes to several places, which the work adds to the list one by one. A failure carries the places that were
 * written by then.
 */
export async function listingPlaced(work: (placed: Location[]) => Promise<void>): Promise<readonly Location[]> {
  const placed: Location[] = [];
  try {
    await work(placed);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    const { reason, message, cause, retryAfterSeconds } = error;
    throw new StorageError(reason, message, { cause, retryAfterSeconds, placed: [...placed] });
  }
  return placed;
}
