// SPDX-License-Identifier: Apache-2.0

export interface ProbeThresholds {
  readonly success: number;
  readonly failure: number;
}

export type Verdict = 'success' | 'failure';

/** Turns single probe answers into a verdict: it changes when as many answers in a row as the threshold says agree. */
export class ProbeTally {
  readonly #thresholds: ProbeThresholds;
  #last: Verdict | undefined;
  #run = 0;

  constructor(thresholds: ProbeThresholds) {
    this.#thresholds = thresholds;
  }

  /** Counts one answer; the verdict when enough of them agree, `undefined` when not yet. */
  count(answer: Verdict): Verdict | undefined {
    this.#run = this.#last === answer ? this.#run + 1 : 1;
    this.#last = answer;
    return this.#run >= this.#thresholds[answer] ? answer : undefined;
  }
}
