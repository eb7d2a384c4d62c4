// SPDX-License-Identifier: Apache-2.0
import type { CompiledBackend } from '../../pipelines/definitions.ts';
import { describeBackend } from '../../storage/backend-definition.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';

/** What the last look at each backend found. */
export class BackendHealthBook {
  readonly #problems = new Map<string, Problem | undefined>();

  /** Why the backend is not ready; undefined when it is, or was not looked at yet. */
  problem(backend: CompiledBackend): Problem | undefined {
    return this.#problems.get(describeBackend(backend));
  }

  /** True when any look at the backend has ended. */
  isProbed(backend: CompiledBackend): boolean {
    return this.#problems.has(describeBackend(backend));
  }

  /** Takes what an earlier process wrote into the backend's status, until this one has looked itself. */
  recall(backend: CompiledBackend, problem: Problem | undefined): void {
    if (!this.isProbed(backend)) this.#problems.set(describeBackend(backend), problem);
  }

  /** @returns whether the backend became ready, or not ready, by this */
  note(backend: CompiledBackend, problem: Problem | undefined): boolean {
    const key = describeBackend(backend);
    const wasKnown = this.#problems.has(key);
    const before = this.#problems.get(key);
    this.#problems.set(key, problem);
    return !wasKnown || (before === undefined) !== (problem === undefined);
  }

  /** Drops what is known of a backend that is gone. */
  forget(backend: Parameters<typeof describeBackend>[0]): void {
    this.#problems.delete(describeBackend(backend));
  }
}
