// SPDX-License-Identifier: Apache-2.0
import type { Condition } from '../api/v1alpha1/condition.ts';
import { type Reason, reasons } from '../api/v1alpha1/reasons.ts';

/** An Event worth writing, on the run and on its record. */
export interface News {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** Reasons that are on the way to something, or as the policy wants them: no news. */
const quiet: ReadonlySet<string> = new Set<Reason>([
  reasons.Progressing,
  reasons.WaitingForChildren,
  reasons.AuditOnly,
  reasons.Suspended,
]);

/** The Events of one change of a status: the news of Ready, and once what was left out of the evidence. */
export function statusEvents(
  before: { readonly conditions?: readonly Condition[] } | undefined,
  after: { readonly conditions?: readonly Condition[] },
): readonly News[] {
  const [was, is] = [before, after].map((status) => (type: string) => status?.conditions?.find((c) => c.type === type));
  const ready = recordNews(was?.('Ready'), is?.('Ready'));
  const complete = completeNews(was?.('Complete'), is?.('Complete'));
  // A refusal for the same reason is the same news.
  const isRepeated = complete?.reason === is?.('Ready')?.reason;
  return [ready, isRepeated ? undefined : complete].filter((news) => news !== undefined);
}

function completeNews(before: Condition | undefined, after: Condition | undefined): News | undefined {
  if (after?.status !== 'False' || before?.status === 'False') return undefined;
  return { type: 'Warning', reason: after.reason, message: after.message };
}

/**
 * What an Event should say about a record that went from one state to the next: each new failure once, and the recovery from
 * one. A plain success is no news: the record is.
 */
export function recordNews(before: Condition | undefined, after: Condition | undefined): News | undefined {
  if (after === undefined || (before?.status === after.status && before.reason === after.reason)) return undefined;
  if (after.status === 'False' && !quiet.has(after.reason)) {
    return { type: 'Warning', reason: after.reason, message: after.message };
  }
  const hadFailed = before?.status === 'False' && !quiet.has(before.reason);
  if (after.status !== 'True' || !hadFailed) return undefined;
  return { type: 'Normal', reason: after.reason, message: `recovered from ${before.reason}: ${after.message}` };
}
