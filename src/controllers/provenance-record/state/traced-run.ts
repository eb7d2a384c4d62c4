// SPDX-License-Identifier: Apache-2.0
import type { TrustedRecord } from '../../../records/read-record.ts';
import type { TracedRun } from '../../../telemetry/tracing/run-tracing.ts';

/** The run of a record, for its trace. */
export function tracedRun({ object: { metadata, spec } }: TrustedRecord): TracedRun {
  const { uid, kind, name } = spec.runRef;
  return { uid, kind, name, namespace: metadata.namespace };
}
