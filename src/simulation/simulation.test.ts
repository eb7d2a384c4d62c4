// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { drawWorlds } from './run-worlds.ts';
import { World } from './world.ts';
import { planWorld } from './world-plan.ts';
import { WorldsThread } from './worlds-thread.ts';

/** Twenty seconds of processor time; `npm run check` plays fewer. Play more with `main.ts`. */
const WORLDS = Number(process.env['HALLMARK_SIMULATED_WORLDS'] ?? 100);
describe('the simulation', () => {
  it(`plays ${WORLDS} worlds without a fault`, async () => {
    const thread = new WorldsThread();
    const { played, failures } = await thread.play({
      plans: [...drawWorlds({ firstSeed: 1, worlds: WORLDS })],
      maxFailed: 5,
    });
    await thread.end();
    assert.deepEqual(failures, []);
    assert.equal(played, WORLDS);
  });

  it('replays a world from its seed', async () => {
    const plan = planWorld(7);
    const [first, second] = [await new World(plan).play(), await new World(planWorld(7)).play()];
    assert.ok(first.lives >= 1 && first.trace().length > 20);
    assert.deepEqual(second.trace(), first.trace());
  });
});
