// SPDX-License-Identifier: Apache-2.0

/** A fault that was mended, as the edits of today's sources that bring it back. */
export interface LaneFault {
  readonly name: string;
  /** The sign that worlds show of it. */
  readonly symptom: RegExp;
  /** The search begins here: it shows soon after. */
  readonly firstSeed: number;
  readonly edits: readonly {
    /** Path below src/runtime. */
    readonly file: string;
    /** Occurs once in the file. */
    readonly from: string;
    readonly to: string;
  }[];
}

const uncounted = [
  {
    file: 'lanes/worker-lane.ts',
    from: 'return this.#inside.has(key) || this.#woken.has(key);',
    to: 'return this.#inside.has(key);',
  },
  { file: 'lanes/worker-lanes.ts', from: 'return this.#awaited.size;', to: 'return 0;' },
] as const;

export const laneFaults: readonly LaneFault[] = [
  {
    name: 'lanes that count only their own woken keys',
    // A key that comes in vain may also be left with nothing that wakes it.
    symptom: /goes round in circles|at one instant|which has nothing to do/,
    firstSeed: 1,
    edits: uncounted,
  },
  {
    name: 'lanes that count only their own woken keys, and no turn for the event loop',
    symptom: /in one turn of the event loop/,
    firstSeed: 1,
    edits: [
      ...uncounted,
      { file: 'queue/controller.ts', from: 'if (!this.#turn.admits(key)) await this.#turn.next(key);', to: '' },
    ],
  },
  {
    name: 'a place that is kept for a busy key',
    symptom: /which has nothing to do/,
    firstSeed: 1,
    edits: [{ file: 'lanes/worker-lane.ts', from: 'if (isBusy(key)) continue;', to: '' }],
  },
  {
    name: 'two keys that hold the turn that the other waits for',
    symptom: /goes round in circles|at one instant/,
    firstSeed: 280,
    edits: [{ file: 'lanes/worker-lanes.ts', from: 'if (name?.isOuter !== true) return false;', to: 'return false;' }],
  },
  {
    name: 'a place that is kept for a removed key',
    symptom: /which has nothing to do|did not end/,
    firstSeed: 695,
    edits: [{ file: 'queue/keyed-queue.ts', from: 'if (isExpected) this.#onRemoved(key);', to: '' }],
  },
];
