// SPDX-License-Identifier: Apache-2.0
export type Outcome = 'Succeeded' | 'Failed' | 'Cancelled';

/**
 * The reasons with which Tekton ends a run that a user stopped (TaskRun, PipelineRun and CustomRun). A PipelineRun that
 * is asked to stop or cancel gracefully also ends as `Cancelled`; a timeout is a failure.
 */
const cancelledReasons: ReadonlySet<string> = new Set([
  'Cancelled',
  'CancelledRunningFinally',
  'CustomRunCancelled',
  'PipelineRunCancelled',
  'RunCancelled',
  'StoppedRunningFinally',
  'TaskRunCancelled',
]);

/** Derive the outcome from a condition `Succeeded`; undefined while its status is `Unknown`. */
export function outcomeOf(status: string, reason: string): Outcome | undefined {
  if (status === 'True') return 'Succeeded';
  if (status !== 'False') return undefined;
  return cancelledReasons.has(reason) ? 'Cancelled' : 'Failed';
}
