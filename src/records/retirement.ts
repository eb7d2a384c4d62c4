// SPDX-License-Identifier: Apache-2.0
import type { ProvenanceRecordSpec } from '../api/v1alpha1/provenance-record/schema.ts';
import { boundedRetention, type Retention } from '../api/v1alpha1/signing-policy/retention.ts';

/** The fields of a record that its retirement depends on. */
export type RetainedRecord = Pick<ProvenanceRecordSpec, 'completionTime' | 'retention'>;

/** The time at which a record may be removed, once it is stored or its run is gone. */
export interface Retirement {
  /** In milliseconds since the epoch; absent where the clock does not decide. */
  readonly atMs?: number;
  /** True when it may be removed as soon as its run is gone. */
  readonly withRun: boolean;
}

/**
 * Computes when a record retires. The current policy's retention decides; without a policy, the retention frozen in the record does, within
 * the platform's limit. A record of an earlier version, which froze none, is kept as long as that limit allows.
 *
 * @param maxSeconds the platform's limit, which the policy's retention keeps to already; 0: there is none
 */
export function retirement(
  record: RetainedRecord,
  policy: { readonly record: Retention } | undefined,
  maxSeconds: number,
): Retirement {
  const retention = policy?.record ?? boundedRetention(frozen(record), maxSeconds);
  const withRun = retention.retention === 'WithRun';
  const { seconds } = retention;
  return seconds === undefined ? { withRun } : { withRun, atMs: Date.parse(record.completionTime) + seconds * 1000 };
}

function frozen({ retention: { type, seconds } = { type: 'Keep' } }: RetainedRecord): Retention {
  if (type !== 'Seconds') return { retention: type };
  return seconds === undefined ? { retention: 'Keep' } : { retention: type, seconds };
}
