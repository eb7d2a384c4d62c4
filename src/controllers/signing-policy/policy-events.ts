// SPDX-License-Identifier: Apache-2.0
import type { Condition } from '../../api/v1alpha1/condition.ts';
import type { EventText } from '../../kube/events.ts';
import type { SignerReport } from './signer-report.ts';

/** The Events of a policy: one for each warning about its signer that the last status did not contain. */
export function policyEvents({
  before,
  after,
  report,
}: {
  readonly before: readonly Condition[];
  readonly after: readonly Condition[];
  readonly report: SignerReport;
}): readonly EventText[] {
  const previous = keyReady(before)?.message ?? '';
  const current = keyReady(after)?.message ?? '';
  return report.warnings
    .filter(({ message }) => current.includes(message) && !previous.includes(message))
    .map(({ reason, message }) => ({ type: 'Warning', reason, message }));
}

function keyReady(conditions: readonly Condition[]): Condition | undefined {
  return conditions.find(({ type }) => type === 'KeyReady');
}
