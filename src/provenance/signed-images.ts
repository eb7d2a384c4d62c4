// SPDX-License-Identifier: Apache-2.0
import type { FinishedRun } from '../tekton/finished-run.ts';
import { imageHints } from '../tekton/image-hints.ts';
import type { ImageReference } from '../tekton/image-reference.ts';

/** The images that a run gets image signatures for: a PipelineRun's are signed with the TaskRuns that built them. */
export function signedImages({ object }: FinishedRun): readonly ImageReference[] {
  return object.kind === 'TaskRun' ? imageHints(object.results) : [];
}
