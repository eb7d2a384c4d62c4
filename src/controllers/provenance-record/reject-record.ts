// SPDX-License-Identifier: Apache-2.0
import { API_VERSION } from '../../api/v1alpha1/group-version.ts';
import { type ConditionFact, setConditions } from '../../api/v1alpha1/condition.ts';
import { field, objectField, stringField } from '../../json/fields.ts';
import { reasons } from '../../api/v1alpha1/reasons.ts';
import { DONE, type Outcome } from '../../runtime/queue/outcome.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { ForgedRecord } from '../../records/read-record.ts';
import { recordKey } from '../../records/record-key.ts';
import { isRunKind } from '../../tekton/run-identity.ts';
import { runKey, type RunKey } from '../../tekton/run-key.ts';

/** The part of the context that rejecting a record needs. */
type RejectingContext = Pick<
  ControllerContext,
  'clock' | 'events' | 'failingSeals' | 'observer' | 'records' | 'runs' | 'writer'
>;

/** A record that is left alone may become valid without an event, as when the CRD that knows all its fields is installed. */
const HELD_SECONDS = 3600;

/**
 * Removes a record that the operator did not write, so that the run controller creates it again, unless so many fail that there must be
 * another cause. A record whose run is gone cannot be created again: it stays, and its status reports that it is not trusted.
 */
export async function rejectRecord(
  context: RejectingContext,
  record: ForgedRecord,
  object: unknown,
  signal: AbortSignal,
): Promise<Outcome> {
  const { namespace, name, uid, why } = record;
  const verdict = context.failingSeals.verdict(record);
  if (verdict === 'Wait') return { requeueAfterSeconds: 1 };
  if (verdict === 'Hold') return { requeueAfterSeconds: HELD_SECONDS };
  const key = recordKey(record);
  const run = context.records.get(key)?.runKey ?? claimedRun(object, namespace);
  const hasRun = run === undefined ? false : context.runs.has(run);
  if (hasRun === undefined) return { requeueAfterSeconds: 1 };
  const message = `${why}; nothing of it is stored`;
  const isChanged = hasRun
    ? await context.writer.delete({ key, uid }, signal)
    : await disown(context, record, message, { object, signal });
  if (!isChanged) return DONE;
  const regarding = { apiVersion: API_VERSION, kind: 'ProvenanceRecord', namespace, name, uid };
  context.events.record(regarding, { type: 'Warning', reason: reasons.VerificationFailed, message });
  context.observer.recordRejected({ key, why, isDeleted: hasRun });
  return DONE;
}

/** The run that a forged record names: good enough to check whether such a run exists, and for nothing else. */
function claimedRun(object: unknown, namespace: string): RunKey | undefined {
  const run = objectField(objectField(object, 'spec'), 'runRef');
  const kind = stringField(run, 'kind');
  const name = stringField(run, 'name');
  const uid = stringField(run, 'uid');
  if (!isRunKind(kind) || name === undefined || uid === undefined) return undefined;
  return runKey({ kind, namespace, name, uid });
}

/** @returns false when the status already reports that the record is not trusted */
async function disown(
  context: RejectingContext,
  record: ForgedRecord,
  message: string,
  read: { readonly object: unknown; readonly signal: AbortSignal },
): Promise<boolean> {
  const { generation } = record;
  const before = field(field(read.object, 'status'), 'reason');
  if (before === reasons.VerificationFailed) return false;
  const condition = (type: string, status: 'True' | 'False'): ConditionFact => {
    return { type, status, observedGeneration: generation, reason: reasons.VerificationFailed, message };
  };
  const facts = [
    condition('Ready', 'False'),
    condition('Signed', 'False'),
    condition('Stored', 'False'),
    condition('Stalled', 'True'),
  ];
  const conditions = setConditions(undefined, facts, context.clock.now());
  const status = {
    observedGeneration: generation,
    conditions,
    stored: '0/0',
    reason: reasons.VerificationFailed,
    message,
  };
  await context.writer.disown(record, status, read.signal);
  return true;
}
