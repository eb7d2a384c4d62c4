// SPDX-License-Identifier: Apache-2.0
import type { RunTarget } from '../run-target.ts';

export type AnnotatedRun = Pick<RunTarget, 'apiVersion' | 'kind' | 'namespace' | 'name' | 'uid'>;

/** Reads and writes the annotations of one run. Implemented over the Kubernetes API. */
export interface RunAnnotator {
  /**
   * Sets exactly these annotations and touches nothing else. The UID is a precondition (send `metadata.uid` in a merge
   * patch): a later run of the same name is never annotated, and a run is never created. Every failure but the lack of the run
   * rejects with the API server's status in `status`.
   * @returns all annotations of the run as they are stored then; undefined when no run of this UID exists
   */
  annotateRun(
    run: AnnotatedRun,
    annotations: Readonly<Record<string, string>>,
    fieldManager: string,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | undefined>;
  /** `undefined` when no run of this UID exists. */
  readAnnotations(run: AnnotatedRun, signal: AbortSignal): Promise<Readonly<Record<string, string>> | undefined>;
}
