// SPDX-License-Identifier: Apache-2.0
import type { TrustedRecord } from '../../../records/read-record.ts';
import type { StoreAttempts } from '../../memory/store-attempts.ts';
import { policyKey, type PolicyKey, type PolicyName } from '../../../pipelines/policy-key.ts';
import { recordKey, type RecordKey } from '../../../records/record-key.ts';

/** The witnesses' place among the backends that a record is tried with. */
const WITNESSES = 'witnesses';
/** Who keeps one record waiting for so long would keep everybody waiting, record by record. */
const SLOW_MS = 5_000;

type Waiting = Pick<TrustedRecord, 'object' | 'policy'>;

/** How asking a record's witnesses went. */
export interface WitnessAttempt {
  readonly hasFailed: boolean;
  readonly tookMs: number;
  /** What a server asked for. */
  readonly retryAfterSeconds?: number | undefined;
}

/** Whether a record's witnesses may be asked now: its own back-off is over, and that of its policy if they were slow to fail. */
export function areWitnessesDue(attempts: StoreAttempts, record: Waiting): boolean {
  return keysOf(record).every((key) => attempts.isDue(key, WITNESSES));
}

/** Seconds until they may be; 0 when they may. */
export function secondsUntilWitnesses(attempts: StoreAttempts, record: Waiting): number {
  return Math.max(...keysOf(record).map((key) => attempts.secondsUntilDue(key, [WITNESSES]) ?? 0));
}

/** Notes an attempt. */
export function noteWitnesses(attempts: StoreAttempts, record: Waiting, attempt: WitnessAttempt): void {
  const { hasFailed, tookMs, retryAfterSeconds } = attempt;
  const [own, policy] = keysOf(record);
  if (!hasFailed) {
    for (const key of [own, policy]) attempts.succeeded(key, WITNESSES);
    return;
  }
  attempts.failed(own, WITNESSES, retryAfterSeconds);
  // Several that were under way at once are one failure.
  if (tookMs >= SLOW_MS && attempts.isDue(policy, WITNESSES)) attempts.failed(policy, WITNESSES, retryAfterSeconds);
}

/** Lets the witnesses of a policy and of these records of it be asked at once, because what kept them may be mended. */
export function forgetWitnesses(attempts: StoreAttempts, policy: PolicyName, recordKeys: readonly RecordKey[]): void {
  for (const key of [policyKey(policy), ...recordKeys]) attempts.succeeded(key, WITNESSES);
}

function keysOf({ object, policy }: Waiting): readonly [own: RecordKey, policy: PolicyKey] {
  return [recordKey(object.metadata), policyKey(policy)];
}
