// SPDX-License-Identifier: Apache-2.0
import type { ConditionFact } from '../../api/v1alpha1/condition.ts';
import { type PolicyFacts, policyVerdict, type Verdict } from './policy-verdict.ts';

/** The conditions of a policy, computed from facts alone. */
export function policyConditions(facts: PolicyFacts): readonly ConditionFact[] {
  const { ready, key, backends } = policyVerdict(facts);
  const isMissed = ready.outlook === 'Awaited' && facts.isOverdue === true;
  const isReconciling = ready.outlook === 'Passing' || (ready.outlook === 'Awaited' && !isMissed);
  const isStalled = ready.outlook === 'Stuck' || isMissed;
  const condition = (type: string, { status, reason, message }: Omit<Verdict, 'outlook'>): ConditionFact => {
    return { type, status, reason, message, observedGeneration: facts.generation };
  };
  return [
    condition('Ready', ready),
    condition('KeyReady', key),
    condition('BackendsReady', backends),
    condition('Reconciling', { ...ready, status: isReconciling ? 'True' : 'False' }),
    condition('Stalled', { ...ready, status: isStalled ? 'True' : 'False' }),
  ];
}
