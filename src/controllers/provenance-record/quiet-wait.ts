// SPDX-License-Identifier: Apache-2.0
import type { TrustedRecord } from './read-record.ts';

/** Less than what makes a record be read again. */
const QUIET_SECONDS = 45;

/**
 * Seconds for which a new record says nothing yet of waiting for its turn; 0 when it is to say so. Most turns come in a moment, and a
 * status written before would cost each record of a busy hour a second write and a read.
 */
export function quietSeconds({ object }: Pick<TrustedRecord, 'object'>, now: Date): number {
  if ((object.status?.conditions ?? []).length > 0) return 0;
  const ageSeconds = (now.getTime() - Date.parse(object.metadata.creationTimestamp)) / 1000;
  return Math.min(QUIET_SECONDS, Math.max(0, QUIET_SECONDS - ageSeconds));
}
