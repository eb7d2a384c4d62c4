// SPDX-License-Identifier: Apache-2.0
import { type RunSummary, summariseRun } from '../../tekton/run-summary.ts';

/** A run as it is delivered: its summary, and the object itself once the run has finished. */
export interface DeliveredRun {
  readonly summary: RunSummary;
  readonly object: unknown;
}

/** Keeps only the summary of a run that is still running. */
export function projectRun(object: unknown): DeliveredRun | undefined {
  const summary = summariseRun(object);
  if (summary === undefined) return undefined;
  return { summary, object: summary.finished === undefined ? undefined : object };
}
