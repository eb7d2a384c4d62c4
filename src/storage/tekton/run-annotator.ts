// SPDX-License-Identifier: Apache-2.0
import type { RunTarget } from '../run-target.ts';

export type AnnotatedRun = Pick<RunTarget, 'apiVersion' | 'kind' | 'namespace' | 'name' | 'uid'>;

/** Reads and writes the annotations of one run. Implemented over the Kubernetes API. */
export interface RunAnnotator {
  /**
   * Sets exactly these annotations and touches nothing else. The UID is a precondition (send `metadata.uid` in a merge
   * patch): a later run of the same name is never annotated, and a run is never created. Answers `Gone` when no run of
   * this UID exists; every other failure rejects with the API server's status in `status`.
   */
  annotateRun(
    run: AnnotatedRun,
    annotations: Readonly<Record<string, string>>,
    fieldManager: string,
    signal: AbortSignal,
  ): Promise<'Annotated' | 'Gone'>;
  /** `undefined` when no run of this UID exists. */
  readAnnotations(run: AnnotatedRun, signal: AbortSignal): Promise<Readonly<Record<string, string>> | undefined>;
}
