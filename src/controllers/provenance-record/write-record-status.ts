// SPDX-License-Identifier: Apache-2.0
import { API_VERSION } from '../../api/v1alpha1/group-version.ts';
import type { ProvenanceRecordStatus } from '../../api/v1alpha1/provenance-record/schema.ts';
import { objectKey } from '../../kube/resource.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { RecordPlan } from './plan-record.ts';
import type { TrustedRecord } from '../../records/read-record.ts';
import type { RecordFacts } from '../../records/record-facts.ts';
import { statusEvents } from '../../records/record-events.ts';
import { readyOf, recordStatus } from '../../records/record-status.ts';

/** What a status says of a plan, as far as it has come. */
export type StatusFacts = Pick<RecordPlan, 'unsigned' | 'logging' | 'backends' | 'uncovered' | 'unbound'>;

/**
 * Writes the record's status if it changes, and emits the Events of the change.
 * @returns the record as it is now
 */
export async function writeRecordStatus(
  context: ControllerContext,
  record: TrustedRecord,
  plan: StatusFacts,
  signal: AbortSignal,
): Promise<TrustedRecord> {
  const { clock, sealKey, writer } = context;
  const status = recordStatus(record, recordFacts(record, plan), { now: clock.now(), sealKey });
  const written = await writer.writeStatus(record, status, signal);
  if (written !== record) emitEvents(context, record, status);
  return written;
}

function recordFacts(record: TrustedRecord, plan: StatusFacts): RecordFacts {
  const { metadata, evidence } = record.object;
  return {
    generation: metadata.generation,
    artifacts: (evidence?.artifacts ?? []).map(({ name, signature }) => ({ name, isSigned: signature !== undefined })),
    backends: plan.backends,
    warnings: (evidence?.artifacts ?? []).flatMap(({ warnings = [] }) => warnings),
    ...(plan.unsigned === undefined ? {} : { unsigned: plan.unsigned }),
    ...(plan.logging === undefined ? {} : { logging: plan.logging }),
    ...(plan.uncovered === undefined ? {} : { uncovered: plan.uncovered }),
    ...(plan.unbound === undefined ? {} : { unbound: plan.unbound }),
  };
}

function emitEvents(context: ControllerContext, record: TrustedRecord, after: ProvenanceRecordStatus): void {
  const { metadata, spec, status: before } = record.object;
  const ready = readyOf(after);
  if (ready !== undefined && ready.reason !== readyOf(before)?.reason) {
    const { reason, message } = ready;
    context.observer.recordChanged({ key: objectKey(metadata), isReady: ready.status === 'True', reason, message });
  }
  const { namespace, name, uid } = metadata;
  for (const news of statusEvents(before, after)) {
    context.events.record({ apiVersion: API_VERSION, kind: 'ProvenanceRecord', namespace, name, uid }, news);
    if (context.runs.has(spec.runRef.uid) !== false) context.events.record({ ...spec.runRef, namespace }, news);
  }
}
