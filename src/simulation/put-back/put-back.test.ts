// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { WorldsThread } from '../worlds-thread.ts';
import { faults } from './faults.ts';

/** Worlds in which a fault must show. */
const SEARCHED = 100;

interface Sign {
  readonly symptom: RegExp;
  readonly firstSeed: number;
  readonly replicas: number;
}

/** The symptom of each fault, and the seed to start at: the fault shows soon after. */
const signs: Readonly<Record<string, Sign>> = {
  'lanes-livelock': { symptom: /the event loop is blocked/, firstSeed: 1, replicas: 1 },
  'place-for-busy-key': {
    symptom: /a worker is idle and nothing is planned although record \S+ is not stored/,
    firstSeed: 83,
    replicas: 1,
  },
  'lost-second-look': {
    symptom: /still owed 20 min after the last trouble: record \S+ is not verified/,
    firstSeed: 47,
    replicas: 1,
  },
  'deleted-runs-of-others': {
    symptom: /deleted run \S+, which its replica saw, has no record of policy/,
    firstSeed: 23,
    replicas: 3,
  },
  'shard-not-continued': { symptom: /run \S+ has no record of policy/, firstSeed: 2, replicas: 2 },
  'guards-not-continued': {
    symptom: /nothing is planned although run \S+ is held for nothing/,
    firstSeed: 41,
    replicas: 2,
  },
  'guard-ends-early': { symptom: /run \S+ is let go before policy \S+ has it stored/, firstSeed: 1, replicas: 2 },
  'payload-dropped-unread': { symptom: /dropped a payload before it was read back/, firstSeed: 11, replicas: 1 },
  'payload-kept-after-crash': { symptom: /record \S+ keeps a payload/, firstSeed: 47, replicas: 1 },
  'pause-unnoticed': { symptom: /replicas hold the shard of/, firstSeed: 91, replicas: 3 },
};

/** The worlds to search. */
function worldsOf({ firstSeed, replicas }: Sign) {
  return { firstSeed, replicas, worlds: SEARCHED, maxFailed: 1 };
}

describe('the simulation', () => {
  let thread: WorldsThread;
  before(() => {
    thread = new WorldsThread();
  });
  after(() => thread.end());

  for (const fault of faults) {
    it(`finds the fault ${fault.name} when it is put back`, async () => {
      const sign = signs[fault.name];
      assert.ok(sign !== undefined, `${fault.name} has no sign`);
      const { failures } = await thread.play({ ...worldsOf(sign), fault });
      assert.match(failures.join('\n'), sign.symptom);
    });
  }

  it('refuses a fault that no longer fits', async () => {
    const edits = [{ file: 'simulation/run-worlds.ts', from: 'no such text', to: '' }];
    const task = { firstSeed: 1, worlds: 1, maxFailed: 1, fault: { name: 'unfit', edits } };
    await assert.rejects(thread.play(task), /the fault "unfit" does not fit simulation\/run-worlds\.ts/);
  });
});
