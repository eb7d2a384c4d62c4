// SPDX-License-Identifier: Apache-2.0
import type { FinishedRun } from './finished-run.ts';
import type { TaskRun } from './run.ts';
import type { Outcome } from './run-outcome.ts';

/** An entry of a PipelineRun's `status.childReferences`. */
export interface ChildReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly pipelineTaskName: string;
}

/** A child of a PipelineRun, in the order of its references. */
export interface ChildRun {
  readonly reference: ChildReference;
  /** The TaskRun; absent when it is gone and for children of other kinds. */
  readonly object?: TaskRun;
  /** The nested PipelineRun with its own children, when its object was given and the nesting is not too deep. */
  readonly nested?: FinishedRun;
  /** True when its object was given, whatever became of it. */
  readonly isGiven?: boolean;
  /** Of whatever kind the child is, when its object was given. */
  readonly uid?: string;
  /** Absent while the child runs, and when its object was not given. */
  readonly outcome?: Outcome;
}
