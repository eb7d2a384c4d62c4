// SPDX-License-Identifier: Apache-2.0
import type { KeyPlan, ServerPlan } from './lane-plan.fixture.ts';

/** The progress of one key. */
export class LaneKey {
  readonly plan: KeyPlan;
  isGone = false;
  /** It was added at least once. */
  isAdded = false;
  isSigned: boolean;
  readonly #stored = new Set<ServerPlan>();
  /** The next attempt and the number of failures of each failed backend. */
  readonly #retries = new Map<ServerPlan, { readonly dueMs: number; readonly failures: number }>();

  constructor(plan: KeyPlan) {
    this.plan = plan;
    this.isSigned = plan.signer === undefined;
  }

  get isFinished(): boolean {
    return this.isSigned && this.#stored.size === this.plan.backends.length;
  }

  isStored(backend: ServerPlan): boolean {
    return this.#stored.has(backend);
  }

  stored(backend: ServerPlan): void {
    this.#stored.add(backend);
  }

  failed(backend: ServerPlan, nowMs: number): void {
    const failures = (this.#retries.get(backend)?.failures ?? 0) + 1;
    this.#retries.set(backend, { failures, dueMs: nowMs + Math.min(5000, 100 * 2 ** failures) });
  }

  /** The backends that it can be stored in now. */
  due(nowMs: number): readonly ServerPlan[] {
    return this.plan.backends.filter(
      (backend) => !this.#stored.has(backend) && (this.#retries.get(backend)?.dueMs ?? 0) <= nowMs,
    );
  }

  /** Seconds until one of the backends without a turn to wait for is due; undefined when there is none. */
  secondsUntilDue(nowMs: number, deferred: readonly ServerPlan[]): number | undefined {
    const open = this.plan.backends.filter((backend) => !this.#stored.has(backend) && !deferred.includes(backend));
    if (open.length === 0) return undefined;
    return Math.min(...open.map((backend) => (this.#retries.get(backend)?.dueMs ?? nowMs) - nowMs)) / 1000;
  }

  /** The servers that it could go to now. */
  wants(nowMs: number): readonly ServerPlan[] {
    const { signer } = this.plan;
    return this.isSigned || signer === undefined ? this.due(nowMs) : [signer];
  }
}
