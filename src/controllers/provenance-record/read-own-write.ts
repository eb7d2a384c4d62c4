// SPDX-License-Identifier: Apache-2.0
import { objectMetadata } from '../../kube/object-metadata.ts';
import { objectKey } from '../../kube/resource.ts';
import type { ControllerContext } from '../controller-context.ts';
import { readRecord, type TrustedRecord } from '../../records/read-record.ts';

/**
 * The record in the answer to a write of it. @throws Error when the API server stored something else than was sent, as under a CRD of
 * another version, which prunes fields
 */
export function readBack(
  context: Pick<ControllerContext, 'failingSeals' | 'sealKey'>,
  written: unknown,
): TrustedRecord {
  const read = readRecord(written, context.sealKey);
  if (read?.isTrusted === true) return read;
  const metadata = objectMetadata(written);
  const key = metadata === undefined ? 'without a name' : objectKey(metadata);
  context.failingSeals.storedOtherwise(key);
  throw new Error(`ProvenanceRecord ${key} does not read back as it was sealed: install the CRDs of this version`);
}
