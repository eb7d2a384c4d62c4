// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../../../api/v1alpha1/kinds.ts';
import { objectKey } from '../../../kube/resource.ts';
import { parseRunKey, type RunKey } from '../../../tekton/run-key.ts';

/** The watch of a kind of runs, which keeps the UID of each run that exists. */
export interface RunSource {
  /** @param key names the run without its UID */
  has(key: string, uid: string): boolean;
}

/** The runs that exist. It keeps nothing of its own: the watches know them. */
export class RunIndex {
  readonly #sources = new Map<RunKind, RunSource>();
  /** Kinds whose first list is complete; until all are, an unknown run may still exist. */
  readonly #synced = new Set<RunKind>();
  readonly #kinds: readonly RunKind[];

  constructor(kinds: readonly RunKind[] = ['TaskRun', 'PipelineRun']) {
    this.#kinds = kinds;
  }

  follow(kind: RunKind, source: RunSource): void {
    this.#sources.set(kind, source);
  }

  synced(kind: RunKind): void {
    this.#synced.add(kind);
  }

  /** True when the run exists; undefined while that is unknown. */
  has(run: RunKey): boolean | undefined {
    const { kind, uid, ...name } = parseRunKey(run);
    if (this.#sources.get(kind)?.has(objectKey(name), uid) === true) return true;
    return this.#kinds.every((synced) => this.#synced.has(synced)) ? false : undefined;
  }
}
