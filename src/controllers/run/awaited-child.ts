// SPDX-License-Identifier: Apache-2.0
import { reasons } from '../../api/v1alpha1/reasons.ts';
import type { FinishedRun } from '../../tekton/finished-run.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';

/**
 * The child that a PipelineRun still waits for: a TaskRun that is gone or not in the list yet, or one that has not finished.
 * After the deadline nothing is awaited any more.
 */
export function awaitedChild(run: FinishedRun, now: Date, deadline: Date): Problem | undefined {
  if (now >= deadline) return undefined;
  const until = deadline.toISOString();
  const [missing] = run.missingChildren;
  if (missing !== undefined) {
    return {
      reason: reasons.ChildMissing,
      message: `child TaskRun ${missing} is not there; the run is signed without it after ${until}`,
    };
  }
  const running = run.children.find(({ object, outcome }) => object !== undefined && outcome === undefined);
  if (running === undefined) return undefined;
  return {
    reason: reasons.WaitingForChildren,
    message: `child TaskRun ${running.reference.name} has not finished; the run is signed without it after ${until}`,
  };
}
