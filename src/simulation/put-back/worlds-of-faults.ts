// SPDX-License-Identifier: Apache-2.0
import type { WorldPlan } from '../world-plan.ts';
import { policiesOf, quietFaults, quietWorld, runsOf, storeOf, stores, type WorldChanges } from './quiet-world.ts';

/** A world in which a fault shows, whatever the delays. */
interface WorldOfFault {
  /** The message of the rule that the fault breaks. */
  readonly symptom: RegExp;
  readonly changes: () => WorldChanges;
}

/** Namespaces over all shards, so that each of two replicas has some, and an old replica gets some of a dead one's. */
const teams = [0, 1, 2, 3, 5, 7, 8, 10].map((number) => `team-${number}`);
const [store0, store1] = [storeOf('', 'store-0'), storeOf('', 'store-1')];
/** When two replicas have long shared the work. */
const SHARED_MS = 30_000;

const shared = (): WorldChanges => ({ replicas: 2, namespaces: teams, policies: policiesOf(teams) });

/** The world of each fault. The fault shows in it by what happens, not by the luck of a seed. */
const worlds: Readonly<Record<string, WorldOfFault>> = {
  'lanes-livelock': {
    symptom: /the event loop is blocked/,
    changes: () => ({
      backends: stores(2),
      settings: { concurrentRuns: 4, concurrentRecords: 8, maxRetrySeconds: 5 },
      runs: runsOf(['team-0'], 16),
      incidents: [{ kind: 'StoreHangs', backend: store0, atMs: 0, forMs: 20_000 }],
      healedMs: 30_000,
    }),
  },
  'place-for-busy-key': {
    symptom: /a worker is idle and nothing is planned although record \S+ is not stored/,
    // The last run comes while the shared store is full, and waits for it and hangs in its own store: the others need the place that is kept for it.
    changes: () => {
      const namespaces = teams.slice(0, 4);
      const own = storeOf('team-3', 'own');
      const quiet = quietFaults();
      return {
        settings: { concurrentRuns: 8, concurrentRecords: 1, maxRetrySeconds: 5 },
        namespaces,
        policies: policiesOf(namespaces),
        backends: [store0, own],
        runs: [
          ...runsOf(namespaces.slice(0, 3), 4, { finishedMs: 10_000, deletedMs: undefined }),
          ...runsOf(['team-3'], 1, { finishedMs: 10_100, deletedMs: undefined }),
        ],
        // Until the times have passed at which waiting records look again.
        incidents: [{ kind: 'StoreHangs', backend: own, atMs: 0, forMs: 70_000 }],
        healedMs: 70_000,
        faults: { ...quiet, store: { ...quiet.store, maxDelayMs: 1000 } },
      };
    },
  },
  'lost-second-look': {
    symptom: /still owed 4 min after the last trouble: record \S+ is not verified/,
    // The second store takes the evidence later and does not give it back; the event of that write comes after its answer.
    changes: () => ({
      backends: [store0, store1],
      incidents: [
        { kind: 'StoreDown', backend: store1, atMs: 0, forMs: 5_000 },
        { kind: 'StoreBlind', backend: store1, atMs: 0, forMs: 20_000 },
      ],
      healedMs: 20_000,
      faults: quietFaults({ maxLagMs: 300 }),
    }),
  },
  'deleted-runs-of-others': {
    symptom: /deleted run \S+, which its replica saw, has no record of policy/,
    // The replica that the runs belong to dies during its first request about them.
    changes: () => ({
      ...shared(),
      runs: [
        ...runsOf(teams, 1, { finishedMs: SHARED_MS, deletedMs: SHARED_MS + 5 }),
        // The world goes on until the shards have another holder.
        { namespace: 'team-0', name: 'late', finishedMs: 60_000, deletedMs: undefined },
      ],
      incidents: [{ kind: 'Killed', replica: 0, atMs: SHARED_MS + 10 }],
      healedMs: 70_000,
      faults: quietFaults({ maxDelayMs: 200 }),
    }),
  },
  'shard-not-continued': {
    symptom: /run \S+ has no record of policy/,
    // The replica that the runs belong to dies during its first request about them.
    changes: () => ({
      ...shared(),
      runs: runsOf(teams, 1, { finishedMs: SHARED_MS, deletedMs: undefined }),
      incidents: [{ kind: 'Killed', replica: 0, atMs: SHARED_MS + 5 }],
      faults: quietFaults({ maxDelayMs: 200 }),
    }),
  },
  'pause-unnoticed': {
    symptom: /replicas hold the shard of/,
    changes: () => ({
      ...shared(),
      // The world goes on until the pause is over.
      runs: runsOf(teams, 1, { finishedMs: 50_000, deletedMs: undefined }),
      incidents: [{ kind: 'Paused', replica: 0, atMs: 20_000, forMs: 30_000 }],
    }),
  },
  'guards-not-continued': {
    symptom: /nothing is planned although run \S+ is held for nothing/,
    // The store takes everything in one moment, and the replica dies before it sees that its runs are stored.
    changes: () => ({
      ...shared(),
      policies: policiesOf(teams, { holdsRuns: true }),
      settings: { concurrentRuns: 8, concurrentRecords: 16, maxRetrySeconds: 5 },
      runs: runsOf(teams, 1, { finishedMs: SHARED_MS, deletedMs: undefined }),
      incidents: [
        { kind: 'StoreHangs', backend: store0, atMs: 25_000, forMs: 20_000 },
        { kind: 'Killed', replica: 0, atMs: 45_200 },
      ],
      faults: quietFaults({ maxLagMs: 3000 }),
    }),
  },
  'guard-ends-early': {
    symptom: /run \S+ is let go before policy \S+ has it stored/,
    changes: () => ({
      policies: policiesOf(['team-0'], { holdsRuns: true }),
      incidents: [{ kind: 'StoreHangs', backend: store0, atMs: 0, forMs: 10_000 }],
      healedMs: 10_000,
    }),
  },
  'payload-dropped-unread': {
    symptom: /dropped a payload before it was read back/,
    changes: () => ({
      policies: policiesOf(['team-0'], { dropsPayloads: true }),
      incidents: [{ kind: 'StoreBlind', backend: store0, atMs: 0, forMs: 10_000 }],
      healedMs: 10_000,
    }),
  },
  'payload-kept-after-crash': {
    symptom: /record \S+ keeps a payload/,
    // The store takes everything in one moment, and the operator dies before it sees that its records are stored.
    changes: () => ({
      policies: policiesOf(['team-0'], { dropsPayloads: true }),
      incidents: [
        { kind: 'StoreHangs', backend: store0, atMs: 0, forMs: 15_000 },
        { kind: 'Killed', replica: 0, atMs: 15_200 },
      ],
      healedMs: 16_000,
      faults: quietFaults({ maxLagMs: 3000 }),
    }),
  },
};

/** The message that a fault shows itself by. @throws RangeError when the fault has no world */
export function symptomOf(fault: string): RegExp {
  return worldOf(fault).symptom;
}

/** Plans worlds for a fault, one for each seed. @throws RangeError when the fault has no world */
export function worldsOfFault(
  fault: string,
  { firstSeed, worlds: count }: { firstSeed: number; worlds: number },
): readonly WorldPlan[] {
  const { changes } = worldOf(fault);
  return Array.from({ length: count }, (_, index) => ({
    ...quietWorld(firstSeed + index),
    ...changes(),
    ofFault: fault,
  }));
}

function worldOf(fault: string): WorldOfFault {
  const world = worlds[fault];
  if (world === undefined) throw new RangeError(`no world is made for the fault ${fault}`);
  return world;
}
