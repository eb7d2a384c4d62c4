// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { WorldsThread } from '../worlds-thread.ts';
import { faults } from './faults.ts';
import { quietWorld } from './quiet-world.ts';
import { symptomOf, worldsOfFault } from './worlds-of-faults.ts';

/** Worlds in which a fault may show: it shows in the first, unless the code has changed since that was written. */
const SEARCHED = 3;

describe('the simulation', () => {
  let thread: WorldsThread;
  before(() => {
    thread = new WorldsThread();
  });
  after(() => thread.end());

  for (const fault of faults) {
    const plans = worldsOfFault(fault.name, { firstSeed: 1, worlds: SEARCHED });
    it(`finds the fault ${fault.name} when it is put back, and nothing in the same worlds without it`, async () => {
      const { played, failures } = await thread.play({ plans, maxFailed: 1, fault });
      assert.match(failures.join('\n'), symptomOf(fault.name));
      const sound = await thread.play({ plans: plans.slice(0, played), maxFailed: 1 });
      assert.deepEqual(sound, { played, failures: [] });
    });
  }

  it('refuses a fault that no longer fits', async () => {
    const edits = [{ file: 'simulation/run-worlds.ts', from: 'no such text', to: '' }];
    const task = { plans: [quietWorld(1)], maxFailed: 1, fault: { name: 'unfit', edits } };
    await assert.rejects(thread.play(task), /the fault "unfit" does not fit simulation\/run-worlds\.ts/);
  });
});
