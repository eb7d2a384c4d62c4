// SPDX-License-Identifier: Apache-2.0
import type { Condition } from '../../api/v1alpha1/condition.ts';
import type { EventText } from '../../kube/events.ts';
import type { SignerReport } from './signer-report.ts';

/** What an Event of a policy should say: each new warning about its signer once, told apart by what the last status said. */
export function policyEvents({
  before,
  after,
  report,
}: {
  readonly before: readonly Condition[];
  readonly after: readonly Condition[];
  readonly report: SignerReport;
}): readonly EventText[] {
  const said = keyReady(before)?.message ?? '';
  const says = keyReady(after)?.message ?? '';
  return report.warnings
    .filter(({ message }) => says.includes(message) && !said.includes(message))
    .map(({ reason, message }) => ({ type: 'Warning', reason, message }));
}

function keyReady(conditions: readonly Condition[]): Condition | undefined {
  return conditions.find(({ type }) => type === 'KeyReady');
}
