// SPDX-License-Identifier: Apache-2.0
import type { RecordedParent } from '../memory/runs/finish-notes.ts';

/** So few are written as they come. */
const FEW = 50;
const MIN_MS = 1000;
const MAX_MS = 5000;
const MS_PER_NOTE = 2;

/**
 * The wait before the next write of the notes of a PipelineRun, in milliseconds. Each write stores the whole object again, so that of many notes
 * takes what comes within some seconds.
 */
export function recordingDelayMs(parent: RecordedParent | undefined): number {
  const count = parent?.recording.written.size ?? 0;
  return count < FEW ? 0 : Math.min(MAX_MS, Math.max(MIN_MS, count * MS_PER_NOTE));
}
