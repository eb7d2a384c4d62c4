// SPDX-License-Identifier: Apache-2.0
import type { Condition } from '../../api/v1alpha1/condition.ts';
import { type Reason, reasons } from '../../api/v1alpha1/reasons.ts';

/** An Event on a run and on its record. */
export interface RecordEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** Reasons that are passing or intended: no Event. */
const quiet: ReadonlySet<string> = new Set<Reason>([
  reasons.Progressing,
  reasons.WaitingForChildren,
  reasons.AuditOnly,
  reasons.Suspended,
]);

/** The Events of one change of a status: one for Ready, and one when Complete first reports something missing. */
export function statusEvents(
  before: { readonly conditions?: readonly Condition[] } | undefined,
  after: { readonly conditions?: readonly Condition[] },
): readonly RecordEvent[] {
  const [was, is] = [before, after].map((status) => (type: string) => status?.conditions?.find((c) => c.type === type));
  const ready = readyEvent(was?.('Ready'), is?.('Ready'));
  const complete = completeEvent(was?.('Complete'), is?.('Complete'));
  // A refusal for the same reason is reported once.
  const isRepeated = complete?.reason === is?.('Ready')?.reason;
  return [ready, isRepeated ? undefined : complete].filter((event) => event !== undefined);
}

function completeEvent(before: Condition | undefined, after: Condition | undefined): RecordEvent | undefined {
  if (after?.status !== 'False' || before?.status === 'False') return undefined;
  return { type: 'Warning', reason: after.reason, message: after.message };
}

/**
 * The Event for a change of the condition Ready: each new failure once, and the recovery from one. A plain success needs none, for there is
 * the record.
 */
export function readyEvent(before: Condition | undefined, after: Condition | undefined): RecordEvent | undefined {
  if (after === undefined || (before?.status === after.status && before.reason === after.reason)) return undefined;
  if (after.status === 'False' && !quiet.has(after.reason)) {
    return { type: 'Warning', reason: after.reason, message: after.message };
  }
  const hadFailed = before?.status === 'False' && !quiet.has(before.reason);
  if (after.status !== 'True' || !hadFailed) return undefined;
  return { type: 'Normal', reason: after.reason, message: `recovered from ${before.reason}: ${after.message}` };
}
