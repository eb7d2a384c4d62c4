// SPDX-License-Identifier: Apache-2.0
import { runKey, type RunKey } from '../../../tekton/run-key.ts';
import type { RunIndex } from './run-index.ts';

/** Runs that exist for a test, in the place of the watches that know them. */
export class ExistingRuns {
  readonly #runs = new Set<RunKey>();

  constructor(index: RunIndex) {
    for (const kind of ['TaskRun', 'PipelineRun'] as const) {
      index.follow(kind, {
        has: (key, uid) => {
          const [namespace = '', name = ''] = key.split('/');
          return this.#runs.has(runKey({ kind, namespace, name, uid }));
        },
      });
    }
  }

  add(run: RunKey): void {
    this.#runs.add(run);
  }

  delete(run: RunKey): void {
    this.#runs.delete(run);
  }
}
