// SPDX-License-Identifier: Apache-2.0
import type { Probe } from './driver.ts';
import { StorageError } from './storage-error.ts';

/** Report whether a check of a backend succeeds. @throws the signal's reason on abort, and any error that is not a StorageError */
export async function runProbe(signal: AbortSignal, check: () => Promise<void>): Promise<Probe> {
  try {
    await check();
    return { ready: true };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StorageError) return { ready: false, reason: error.reason, message: error.message };
    throw error;
  }
}
