// SPDX-License-Identifier: Apache-2.0
import type { TrustedRecord } from '../../../records/read-record.ts';
import { recordKey } from '../../../records/record-key.ts';
import type { AttemptKey, Attempts } from '../../memory/records/attempts.ts';

/** Witnesses that keep one record waiting for so long would hold up all records of the policy, one after the other. */
const SLOW_MS = 5_000;

type Waiting = Pick<TrustedRecord, 'object' | 'policy'>;

/** The result of asking a record's witnesses. */
export interface WitnessAttempt {
  readonly hasFailed: boolean;
  readonly tookMs: number;
  /** The wait that a server asked for. */
  readonly retryAfterSeconds?: number | undefined;
}

/** True when a record's witnesses may be asked: its own back-off is over, and that of its policy if they were slow to fail. */
export function areWitnessesDue(attempts: Attempts, record: Waiting): boolean {
  return keysOf(record).every((key) => attempts.isDue(key));
}

/** Seconds until a record's witnesses may be asked; 0 when they may. */
export function secondsUntilWitnesses(attempts: Attempts, record: Waiting): number {
  return Math.max(...keysOf(record).map((key) => attempts.secondsUntilDue([key]) ?? 0));
}

/** Records an attempt. */
export function noteWitnesses(attempts: Attempts, record: Waiting, attempt: WitnessAttempt): void {
  const { hasFailed, tookMs, retryAfterSeconds } = attempt;
  const [own, policy] = keysOf(record);
  if (!hasFailed) {
    for (const key of [own, policy]) attempts.reset(key);
    return;
  }
  attempts.failed(own, retryAfterSeconds);
  // Several that were under way at the same time are one failure.
  if (tookMs >= SLOW_MS && attempts.isDue(policy)) attempts.failed(policy, retryAfterSeconds);
}

function keysOf({ object, policy }: Waiting): readonly [own: AttemptKey, policy: AttemptKey] {
  return [
    { of: 'Witness', record: recordKey(object.metadata) },
    { of: 'PolicyWitnesses', policy },
  ];
}
