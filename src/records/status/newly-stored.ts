// SPDX-License-Identifier: Apache-2.0
import type { ProvenanceRecordStatus } from '../../api/v1alpha1/provenance-record/schema.ts';

/** True when the change of a status says that all promised backends hold the evidence, unless it was lost and is stored again. */
export function isNewlyStored(before: ProvenanceRecordStatus | undefined, after: ProvenanceRecordStatus): boolean {
  const wasLost = (before?.storage ?? []).some(({ verification }) => verification?.state === 'Failed');
  return isStored(after) && !isStored(before) && !wasLost;
}

function isStored(status: ProvenanceRecordStatus | undefined): boolean {
  return status?.conditions?.find(({ type }) => type === 'Stored')?.status === 'True';
}
