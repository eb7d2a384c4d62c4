// SPDX-License-Identifier: Apache-2.0
import type { Problem } from '../../api/v1alpha1/problem.ts';
import { backendKey, type BackendKey, type BackendName } from '../../pipelines/backend-key.ts';

/** The result of the last probe of each backend. */
export class BackendHealth {
  readonly #problems = new Map<BackendKey, Problem | undefined>();

  /** The reason why the backend is not ready; undefined when it is, or was not probed yet. */
  problem(backend: BackendName): Problem | undefined {
    return this.#problems.get(backendKey(backend));
  }

  /** True when a probe of the backend has ended. */
  isProbed(backend: BackendName): boolean {
    return this.#problems.has(backendKey(backend));
  }

  /** Takes over the result in the backend's status, which an earlier process wrote, until a probe has ended. */
  recall(backend: BackendName, problem: Problem | undefined): void {
    if (!this.isProbed(backend)) this.#problems.set(backendKey(backend), problem);
  }

  /** @returns true when this changes whether the backend is ready */
  note(backend: BackendName, problem: Problem | undefined): boolean {
    const key = backendKey(backend);
    const wasKnown = this.#problems.has(key);
    const before = this.#problems.get(key);
    this.#problems.set(key, problem);
    return !wasKnown || (before === undefined) !== (problem === undefined);
  }

  /** Forgets a backend that is gone. */
  forget(backend: BackendName): void {
    this.#problems.delete(backendKey(backend));
  }
}
