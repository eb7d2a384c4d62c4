// SPDX-License-Identifier: Apache-2.0
import type { ProvenanceRecordSpec } from '../api/v1alpha1/provenance-record/schema.ts';
import type { Retention } from '../api/v1alpha1/signing-policy/defaults.ts';

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
 * Computes when a record retires. The current policy's retention decides; without a policy, the retention frozen in the record does. A
 * record of an earlier version, which froze none, is kept.
 */
export function retirement(record: RetainedRecord, policy: { readonly record: Retention } | undefined): Retirement {
  const { type, seconds } = policy === undefined ? (record.retention ?? { type: 'Keep' }) : live(policy.record);
  if (type !== 'Seconds' || seconds === undefined) return { withRun: type === 'WithRun' };
  return { withRun: false, atMs: Date.parse(record.completionTime) + seconds * 1000 };
}

function live(retention: Retention): NonNullable<RetainedRecord['retention']> {
  if (retention.retention !== 'Seconds') return { type: retention.retention };
  return { type: 'Seconds', seconds: retention.seconds };
}
