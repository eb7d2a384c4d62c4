// SPDX-License-Identifier: Apache-2.0
import type { ConditionFact } from '../../api/v1alpha1/condition.ts';
import { type Reason, reasons } from '../../api/v1alpha1/reasons.ts';
import type { Problem } from '../provenance-record/record-facts.ts';

/** Problems that may pass by themselves. */
const passing: ReadonlySet<Reason> = new Set([reasons.BackendUnavailable, reasons.BackendNotReady]);

/** The conditions of a backend whose last probe found `problem`, or nothing. */
export function backendConditions(generation: number, problem: Problem | undefined): readonly ConditionFact[] {
  const { reason, message } = problem ?? { reason: reasons.Ready, message: 'evidence can be stored' };
  const isPassing = problem !== undefined && passing.has(problem.reason);
  const isStalled = problem !== undefined && !isPassing;
  const condition = (type: string, isTrue: boolean): ConditionFact => {
    return { type, status: isTrue ? 'True' : 'False', reason, message, observedGeneration: generation };
  };
  return [
    condition('Ready', problem === undefined),
    condition('Reconciling', isPassing),
    condition('Stalled', isStalled),
  ];
}
