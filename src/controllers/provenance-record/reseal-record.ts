// SPDX-License-Identifier: Apache-2.0
import type { TrustedRecord } from '../../records/read-record.ts';
import { sealStatus } from '../../records/seal/seal.ts';
import type { ControllerContext } from '../controller-context.ts';

/**
 * Seals a record with the key of today where the earlier key of a rotation does. The status comes first: a replica that knows the earlier key
 * alone then trusts the evidence, or, once that has its new seal, leaves the record alone as another operator's. The other way round, it would
 * take the evidence for forged. The status is written again after it in any case.
 */
export async function resealRecord(
  { sealKey, writer }: Pick<ControllerContext, 'sealKey' | 'writer'>,
  record: TrustedRecord,
  signal: AbortSignal,
): Promise<TrustedRecord> {
  const { metadata, spec, evidence, status } = record.object;
  if (record.needsReseal !== true || evidence === undefined) return record;
  if (status?.seal === undefined) return writer.amend(record, { spec, evidence }, signal);
  const { namespace, name, uid } = metadata;
  const seal = sealStatus({ key: sealKey, namespace, name, uid, storage: record.storage });
  const sealed = await writer.writeStatus(record, { ...status, storage: [...record.storage], seal }, signal);
  return writer.amend(sealed, { spec, evidence }, signal);
}
