// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

/** The ids of the trace of a run and of its outermost span. */
export interface RunIds {
  readonly traceId: string;
  readonly spanId: string;
}

/** Derives the ids from the UID alone, so that every replica that works on the run adds to the same trace. */
export function idsOfRun(uid: string): RunIds {
  const digest = createHash('sha256').update(`hallmark run ${uid}`).digest('hex');
  return { traceId: digest.slice(0, 32), spanId: digest.slice(32, 48) };
}
