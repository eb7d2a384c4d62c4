// SPDX-License-Identifier: Apache-2.0
import type { Access } from '../credentials/access.ts';
import type { RunAnnotator } from './tekton/run-annotator.ts';

/** What drivers reach the world through. One for the process. */
export interface DriverContext extends Access {
  readonly annotator: RunAnnotator;
  /** After which a `put` that reaches out gives up until it is tried again. Default 120 s. */
  readonly putTimeoutMs?: number;
}
