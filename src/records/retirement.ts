// SPDX-License-Identifier: Apache-2.0
import type { ProvenanceRecordSpec } from '../api/v1alpha1/provenance-record/schema.ts';
import type { Retention } from '../api/v1alpha1/signing-policy/defaults.ts';

/** What the end of a record depends on: two fields of its spec. */
export type RetainedRecord = Pick<ProvenanceRecordSpec, 'completionTime' | 'retention'>;

/** When a record may be removed, once it is stored or its run is gone. */
export interface Retirement {
  /** From this time on, in milliseconds since the epoch; absent where no clock decides. */
  readonly atMs?: number;
  /** As soon as its run is gone. */
  readonly withRun: boolean;
}

/**
 * The end of a record. The policy's retention of now decides while the policy exists; after that the one that the record froze, and a
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
