// SPDX-License-Identifier: Apache-2.0
import type { Fault } from './fault.ts';

const LANE = 'runtime/lanes/worker-lane.ts';
const LANES = 'runtime/lanes/worker-lanes.ts';

/** Faults that stopped the operator, each of which the simulation has to find. */
export const faults: readonly Fault[] = [
  {
    // Each lane counts all idle workers as its own: more keys are woken than workers are idle, and all are refused and woken again.
    name: 'lanes-livelock',
    edits: [
      {
        file: LANE,
        from: 'return this.#inside.has(key) || this.#woken.has(key);',
        to: 'return this.#inside.has(key);',
      },
      { file: LANES, from: 'return this.#awaited.size;', to: 'return 0;' },
    ],
  },
  {
    // A place is kept for a key that cannot come, for another store has it.
    name: 'place-for-busy-key',
    edits: [{ file: LANE, from: 'if (isBusy(key)) continue;', to: '' }],
  },
  {
    // The feed asks the index that the operator's own write has updated already.
    name: 'lost-second-look',
    edits: [
      {
        file: 'controllers/provenance-record/record-event-handler.ts',
        from: 'const summary = inheriting(',
        to: 'unverified.set(key, records.get(key)?.unverifiedCount ?? 0);\n      const summary = inheriting(',
      },
    ],
  },
];
