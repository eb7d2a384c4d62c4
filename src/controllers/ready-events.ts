// SPDX-License-Identifier: Apache-2.0
import type { Condition } from '../api/v1alpha1/condition.ts';
import { reasons } from '../api/v1alpha1/reasons.ts';
import type { EventText } from '../kube/events.ts';

/** The Event on a policy or backend whose condition Ready changed its status or reason. A state that only passes has none. */
export function readyEvents(before: readonly Condition[], after: readonly Condition[]): readonly EventText[] {
  const [was, is] = [readyOf(before), readyOf(after)];
  const isSame = was?.status === is?.status && was?.reason === is?.reason;
  if (is === undefined || isSame || is.status === 'Unknown' || is.reason === reasons.Progressing) return [];
  const { status, reason, message } = is;
  if (status === 'False') return [{ type: 'Warning', reason, message }];
  const recovery = was?.status === 'False' ? `recovered from ${was.reason}: ` : '';
  return [{ type: 'Normal', reason, message: `${recovery}${message}` }];
}

function readyOf(conditions: readonly Condition[]): Condition | undefined {
  return conditions.find(({ type }) => type === 'Ready');
}
