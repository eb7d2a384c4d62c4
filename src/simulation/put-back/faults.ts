// SPDX-License-Identifier: Apache-2.0
import type { Fault } from './fault.ts';

const LANE = 'runtime/lanes/worker-lane.ts';
const LANES = 'runtime/lanes/worker-lanes.ts';

/** Fixed faults that stopped the operator. The simulation must find each of them. */
export const faults: readonly Fault[] = [
  {
    // Each lane counts all idle workers as its own, wakes more keys than there are idle workers, and refuses and wakes them again.
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
    // A slot is reserved for a key that cannot use it, because another store is busy with the key.
    name: 'place-for-busy-key',
    edits: [{ file: LANE, from: 'if (isBusy(key)) continue;', to: '' }],
  },
  {
    // The event handler compares with the index, which the operator's own write has already updated.
    name: 'lost-second-look',
    edits: [
      {
        file: 'controllers/provenance-record/record-event-handler.ts',
        from: 'const summary = inheriting(',
        to: 'unverified.set(key, records.get(key)?.unverifiedCount ?? 0);\n      const summary = inheriting(',
      },
    ],
  },
  {
    // A replica forgets a deleted run that another one is to record: it is lost with that one.
    name: 'deleted-runs-of-others',
    edits: [
      {
        file: 'controllers/run/run-event-handler.ts',
        from: 'else if (irreplaceable) others.keep(key, missing, object);',
        to: 'else if (irreplaceable) others.forget(key);',
      },
    ],
  },
  {
    // A replica that takes a shard waits for events, instead of continuing what the earlier holder left.
    name: 'shard-not-continued',
    edits: [
      {
        file: 'controllers/wiring/shard-work.ts',
        from: 'for (const { key, last } of context.runsOfOthers.take(shard)) this.#takeRun(key, last);',
        to: '',
      },
    ],
  },
  {
    // A replica takes shards of one that was paused and comes back, which still believes in them.
    name: 'pause-unnoticed',
    edits: [
      {
        file: 'kube/lease/shard-leases.ts',
        from: 'return this.#slot?.lease.held() === true;',
        to: 'return this.#slot !== undefined;',
      },
    ],
  },
  {
    // A replica that takes a shard leaves the runs alone that its last holder was keeping.
    name: 'guards-not-continued',
    edits: [
      {
        file: 'controllers/wiring/shard-work.ts',
        from: "queues['deletion-guard'].add(key);",
        to: 'continue;',
      },
    ],
  },
  {
    // A run is let go once it is signed.
    name: 'guard-ends-early',
    edits: [
      {
        file: 'controllers/deletion-guard/gather-guard.ts',
        from: 'isStored: (key) => records.get(key)?.isSettled === true,',
        to: 'isStored: (key) => records.get(key)?.isTrusted === true,',
      },
    ],
  },
  {
    // A payload leaves its record once it is stored, though no backend has given it back.
    name: 'payload-dropped-unread',
    edits: [
      {
        file: 'records/dropped-payloads.ts',
        from: 'if (!isStoredCompletely(record) || !record.storage.every(isVerified)) return undefined;',
        to: 'if (!isStoredCompletely(record)) return undefined;',
      },
    ],
  },
  {
    // A record that holds a payload to drop is left alone after a restart.
    name: 'payload-kept-after-crash',
    edits: [
      {
        file: 'records/record-summary.ts',
        from: 'return isStoredCompletely(record) && withoutStoredPayloads(record) === undefined;',
        to: 'return isStoredCompletely(record);',
      },
    ],
  },
];
