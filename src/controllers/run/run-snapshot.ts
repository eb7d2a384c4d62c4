// SPDX-License-Identifier: Apache-2.0
import type { IndexImages } from '../../provenance/payload-options.ts';
import type { Pipeline } from '../../pipelines/pipeline.ts';
import type { SelectableRun } from '../../pipelines/selection/run-selection.ts';
import type { FinishedRun } from '../../tekton/finished-run.ts';
import type { TrustedRecord } from '../../records/read-record.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';

/** One pipeline that the run goes through and that has no complete record of it yet. */
export interface PendingPipeline {
  readonly pipeline: Pipeline;
  readonly recordName: string;
  /** The record as far as it is made. */
  readonly existing: TrustedRecord | undefined;
  /** The images in the indexes that the run built, or why they cannot be read; absent where the policy does not ask for them. */
  readonly indexImages?: ReadonlyMap<string, IndexImages> | Problem;
}

/** Everything that the decision about a run is made from. */
export interface RunSnapshot {
  readonly summary: SelectableRun;
  /** The run with its children, or why it cannot be read. */
  readonly run: FinishedRun | Problem;
  /** True when stating the run takes the event loop for long. */
  readonly isHeavy: boolean;
  /** True when the run says something else than when it was first seen finished. */
  readonly isChanged: boolean;
  readonly pending: readonly PendingPipeline[];
  /** Failures of further pipelines, which are retried without holding up the others. */
  readonly failures: readonly unknown[];
  /** The end of the wait for a missing or unfinished child. */
  readonly childrenDeadline: Date;
  readonly now: Date;
}
