// SPDX-License-Identifier: Apache-2.0
import { API_VERSION } from '../../../api/v1alpha1/group-version.ts';
import type { ProvenanceRecordStatus } from '../../../api/v1alpha1/provenance-record/schema.ts';
import type { ControllerContext } from '../../controller-context.ts';
import type { TrustedRecord } from '../../../records/read-record.ts';
import type { RecordFacts, StatusFacts } from '../../../records/status/record-facts.ts';
import { statusEvents } from '../../../records/status/record-events.ts';
import { isNewlyStored } from '../../../records/status/newly-stored.ts';
import { readyOf, recordStatus } from '../../../records/status/record-status.ts';
import { recordKey } from '../../../records/record-key.ts';
import { runKey } from '../../../tekton/run-key.ts';

/** The part of the context that writing a status needs. */
export type StatusContext = Pick<ControllerContext, 'clock' | 'events' | 'observer' | 'runs' | 'sealKey' | 'writer'>;

/**
 * Writes the record's status if it changes, and emits the Events of the change.
 * @returns the record as it is now
 */
export async function writeRecordStatus(
  context: StatusContext,
  record: TrustedRecord,
  facts: StatusFacts,
  signal: AbortSignal,
): Promise<TrustedRecord> {
  const { clock, sealKey, writer } = context;
  const status = recordStatus(record, recordFacts(record, facts), { now: clock.now(), sealKey });
  const written = await writer.writeStatus(record, status, signal);
  if (written !== record) emitEvents(context, record, status);
  return written;
}

/** All facts about a record, of those that a reconcile establishes and those in the record. */
export function recordFacts({ object: { metadata, evidence } }: TrustedRecord, facts: StatusFacts): RecordFacts {
  const artifacts = evidence?.artifacts ?? [];
  return {
    generation: metadata.generation,
    artifacts: artifacts.map(({ name, signature }) => ({ name, isSigned: signature !== undefined })),
    warnings: artifacts.flatMap(({ warnings = [] }) => warnings),
    ...facts,
  };
}

function emitEvents(context: StatusContext, record: TrustedRecord, after: ProvenanceRecordStatus): void {
  const { metadata, spec, status: before } = record.object;
  const ready = readyOf(after);
  if (ready !== undefined && ready.reason !== readyOf(before)?.reason) {
    const { reason, message } = ready;
    context.observer.recordChanged({ key: recordKey(metadata), isReady: ready.status === 'True', reason, message });
  }
  if (isNewlyStored(before, after)) {
    const endedMs = Date.parse(spec.completionTime);
    context.observer.recordStored({ seconds: (context.clock.now().getTime() - endedMs) / 1000 });
  }
  const { namespace, name, uid } = metadata;
  for (const event of statusEvents(before, after)) {
    context.events.record({ apiVersion: API_VERSION, kind: 'ProvenanceRecord', namespace, name, uid }, event);
    const run = { ...spec.runRef, namespace };
    if (context.runs.has(runKey(run)) !== false) context.events.record(run, event);
  }
}
