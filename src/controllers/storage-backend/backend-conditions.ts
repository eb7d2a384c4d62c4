// SPDX-License-Identifier: Apache-2.0
import type { ConditionFact } from '../../api/v1alpha1/condition.ts';
import { reasons } from '../../api/v1alpha1/reasons.ts';
import { boundedText } from '../../runtime/bounded-text.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';
import { isPassingProblem } from './is-passing-problem.ts';

/** The schema's bound on a condition's message is larger; nobody reads more. */
const MAX_MESSAGE_LENGTH = 1024;
/**
 * The conditions of a backend whose last probe found `problem`, or nothing. `untaken` says what policies make and the backend cannot hold:
 * it takes the rest of theirs, and is as ready as it is for all others.
 */
export function backendConditions(
  generation: number,
  problem: Problem | undefined,
  untaken: readonly string[] = [],
): readonly ConditionFact[] {
  const message = boundedText(['evidence can be stored', ...untaken].join('; '), MAX_MESSAGE_LENGTH);
  return conditions(generation, problem, problem ?? { reason: reasons.Ready, message });
}

function conditions(generation: number, problem: Problem | undefined, told: Problem): readonly ConditionFact[] {
  const { reason, message } = told;
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
