// SPDX-License-Identifier: Apache-2.0
import type { ConditionFact } from '../../api/v1alpha1/condition.ts';
import { type Reason, reasons } from '../../api/v1alpha1/reasons.ts';
import { boundedText } from '../../runtime/bounded-text.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';

/** Shorter than the schema's limit on a condition's message, to stay readable. */
const MAX_MESSAGE_LENGTH = 1024;

/** All that a backend's conditions are computed from. */
export interface BackendFacts {
  readonly generation: number;
  /** The result of its last probe; absent when it is ready. */
  readonly problem?: Problem | undefined;
  /** Artifacts of policies that it cannot hold: it accepts their other artifacts, and stays as ready as it is for other policies. */
  readonly untaken?: readonly string[];
  /** True when what it needs from others has been missing for longer than an apply takes. */
  readonly isOverdue?: boolean;
}

/** The conditions of a backend, computed from facts alone. */
export function backendConditions(facts: BackendFacts): readonly ConditionFact[] {
  const { generation, problem, untaken = [], isOverdue = false } = facts;
  const ready = boundedText(['evidence can be stored', ...untaken].join('; '), MAX_MESSAGE_LENGTH);
  const { reason, message } = problem ?? { reason: reasons.Ready, message: ready };
  const isReconciling =
    problem !== undefined && (isPassingProblem(problem) || (isAwaitedProblem(problem) && !isOverdue));
  const isStalled = problem !== undefined && !isReconciling;
  const condition = (type: string, isTrue: boolean): ConditionFact => {
    return { type, status: isTrue ? 'True' : 'False', reason, message, observedGeneration: generation };
  };
  return [
    condition('Ready', problem === undefined),
    condition('Reconciling', isReconciling),
    condition('Stalled', isStalled),
  ];
}

/** True when a backend may recover from this problem by itself; anything else needs a change. */
export function isPassingProblem({ reason }: Problem): boolean {
  return reason === reasons.BackendUnavailable;
}

const awaited: ReadonlySet<Reason> = new Set([reasons.BackendUnauthorized, reasons.EndpointForbidden]);

/**
 * True when the apply that made the backend may still solve this problem, without an edit of the backend: by a Secret or a binding, or by an
 * operator that is about to be rolled out with what it needs.
 */
export function isAwaitedProblem({ reason }: Problem): boolean {
  return awaited.has(reason);
}
