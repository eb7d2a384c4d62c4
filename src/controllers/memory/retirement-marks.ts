// SPDX-License-Identifier: Apache-2.0
import type { Retention } from '../../api/v1alpha1/signing-policy/retention.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { PolicyKey } from '../../pipelines/policy-key.ts';

/** A policy is written at most this often for its retirements; more often where it keeps records for a short time. */
const MAX_PAUSE_SECONDS = 60;

interface Mark {
  /** The latest completion among the records that wait for the mark. */
  wanted: string;
  /** The earliest time of the next write of the policy, by the monotonic clock. */
  nextMs: number;
}

/** Collects the retirements of each policy, so that one write of its status covers many records. */
export class RetirementMarks {
  readonly #clock: Clock;
  readonly #marks = new Map<PolicyKey, Mark>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Adds a completion to those that the next mark of a policy covers. @returns seconds until the mark may be written */
  want(policyKey: PolicyKey, completionTime: string): number {
    const mark = this.#marks.get(policyKey) ?? { wanted: completionTime, nextMs: -Infinity };
    if (Date.parse(completionTime) > Date.parse(mark.wanted)) mark.wanted = completionTime;
    this.#marks.set(policyKey, mark);
    return Math.max(0, (mark.nextMs - this.#clock.monotonicMs()) / 1000);
  }

  /** The completion that the next mark covers. */
  wanted(policyKey: PolicyKey): string | undefined {
    return this.#marks.get(policyKey)?.wanted;
  }

  /** A write begins: it delays the next one, and every other record that it may cover. */
  begin(key: PolicyKey, retention: Retention): void {
    this.#forgetOld(key);
    const mark = this.#marks.get(key);
    const pauseSeconds = (retention.seconds ?? Infinity) / 20;
    if (mark !== undefined) mark.nextMs = this.#clock.monotonicMs() + Math.min(MAX_PAUSE_SECONDS, pauseSeconds) * 1000;
  }

  /** The write failed: the next record tries again. */
  failed(policyKey: PolicyKey): void {
    const mark = this.#marks.get(policyKey);
    if (mark !== undefined) mark.nextMs = -Infinity;
  }

  /** Records that waited for a mark come back by the end of its pause, so that a mark well past it has none left. */
  #forgetOld(kept: PolicyKey): void {
    const oldMs = this.#clock.monotonicMs() - 2 * MAX_PAUSE_SECONDS * 1000;
    for (const [key, { nextMs }] of this.#marks) {
      if (key !== kept && nextMs > -Infinity && nextMs < oldMs) this.#marks.delete(key);
    }
  }
}
