// SPDX-License-Identifier: Apache-2.0
import { type Reason, reasons } from '../../api/v1alpha1/reasons.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';

const passing: ReadonlySet<Reason> = new Set([reasons.BackendUnavailable, reasons.BackendNotReady]);

/** True when a backend may recover from this problem by itself; anything else needs a change by its owner. */
export function isPassingProblem({ reason }: Problem): boolean {
  return passing.has(reason);
}
