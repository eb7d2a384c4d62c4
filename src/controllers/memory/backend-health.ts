// SPDX-License-Identifier: Apache-2.0
import type { Problem } from '../../api/v1alpha1/problem.ts';
import { backendKey, type BackendKey, type BackendName } from '../../pipelines/backend-key.ts';

/** What the last look at each backend found. */
export class BackendHealth {
  readonly #problems = new Map<BackendKey, Problem | undefined>();

  /** Why the backend is not ready; undefined when it is, or was not looked at yet. */
  problem(backend: BackendName): Problem | undefined {
    return this.#problems.get(backendKey(backend));
  }

  /** True when any look at the backend has ended. */
  isProbed(backend: BackendName): boolean {
    return this.#problems.has(backendKey(backend));
  }

  /** Takes what an earlier process wrote into the backend's status, until this one has looked itself. */
  recall(backend: BackendName, problem: Problem | undefined): void {
    if (!this.isProbed(backend)) this.#problems.set(backendKey(backend), problem);
  }

  /** @returns whether the backend became ready, or not ready, by this */
  note(backend: BackendName, problem: Problem | undefined): boolean {
    const key = backendKey(backend);
    const wasKnown = this.#problems.has(key);
    const before = this.#problems.get(key);
    this.#problems.set(key, problem);
    return !wasKnown || (before === undefined) !== (problem === undefined);
  }

  /** Drops what is known of a backend that is gone. */
  forget(backend: BackendName): void {
    this.#problems.delete(backendKey(backend));
  }
}
