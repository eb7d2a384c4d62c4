// SPDX-License-Identifier: Apache-2.0
import type { ControllerContext } from '../../controller-context.ts';
import { amendRecord } from '../amend-record.ts';
import type { TrustedRecord } from '../../../records/read-record.ts';

/** Writes down what witnesses returned earlier and the record does not say yet. @returns the record as it is now */
export async function keepTestimonies(
  context: ControllerContext,
  record: TrustedRecord,
  signal: AbortSignal,
): Promise<TrustedRecord> {
  const artifacts = context.unrecordedTestimonies.missingIn(record);
  if (artifacts === undefined) return record;
  const { spec, evidence } = record.object;
  return amendRecord(context, record, { spec, evidence: { ...evidence, artifacts } }, signal);
}
