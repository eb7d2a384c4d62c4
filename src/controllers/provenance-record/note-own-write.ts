// SPDX-License-Identifier: Apache-2.0
import { objectKey } from '../../kube/resource.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { TrustedRecord } from '../../records/read-record.ts';
import { summariseRecord } from '../memory/record-index.ts';

/**
 * Notes what an own write made of a record, before the watch delivers it. If the watch was faster, there is nothing to note.
 * @param replacedVersion the version that the write replaced
 */
export function noteOwnWrite(
  { records, ownWrites }: Pick<ControllerContext, 'records' | 'ownWrites'>,
  written: TrustedRecord,
  replacedVersion: string,
): void {
  const { metadata } = written.object;
  const key = objectKey(metadata);
  const known = records.get(key);
  // A record that is gone by now leaves nothing behind.
  if (known === undefined) return;
  if (known.resourceVersion === metadata.resourceVersion) ownWrites.forget(key);
  else ownWrites.wrote(key, metadata.resourceVersion);
  records.setWritten(summariseRecord(written), replacedVersion);
}
