// SPDX-License-Identifier: Apache-2.0
import { reasons } from '../../api/v1alpha1/reasons.ts';
import { isInvalid } from '../../kube/kube-error.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { RecordWork } from './signing/prepare-evidence.ts';
import { writeRecordStatus } from './write-record-status.ts';

/** Says in its status that a record is refused as it would have to be written; what is tried again without a word looks like progress. */
export async function reportRefused(
  context: ControllerContext,
  { record, plan }: RecordWork,
  error: unknown,
  signal: AbortSignal,
): Promise<void> {
  if (!isInvalid(error)) return;
  const message = `the API server refuses what is to be written into this record; it is tried again: ${error.message}`;
  await writeRecordStatus(context, record, { ...plan, unsigned: { reason: reasons.PayloadInvalid, message } }, signal);
}
