// SPDX-License-Identifier: Apache-2.0
import type { ConditionFact } from '../../api/v1alpha1/condition.ts';
import { type Reason, reasons } from '../../api/v1alpha1/reasons.ts';
import { boundedText } from '../../runtime/bounded-text.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';

/** Shorter than the schema's limit on a condition's message, to stay readable. */
const MAX_MESSAGE_LENGTH = 1024;

/**
 * The conditions of a backend after its last probe. `untaken` names artifacts of policies that it cannot hold: it accepts their other
 * artifacts, and stays as ready as it is for other policies.
 */
export function backendConditions(
  generation: number,
  problem: Problem | undefined,
  untaken: readonly string[] = [],
): readonly ConditionFact[] {
  const message = boundedText(['evidence can be stored', ...untaken].join('; '), MAX_MESSAGE_LENGTH);
  return conditions(generation, problem, problem ?? { reason: reasons.Ready, message });
}

function conditions(generation: number, problem: Problem | undefined, shown: Problem): readonly ConditionFact[] {
  const { reason, message } = shown;
  const isPassing = problem !== undefined && isPassingProblem(problem);
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

const passing: ReadonlySet<Reason> = new Set([reasons.BackendUnavailable, reasons.BackendNotReady]);

/** True when a backend may recover from this problem by itself; anything else needs a change by its owner. */
export function isPassingProblem({ reason }: Problem): boolean {
  return passing.has(reason);
}
