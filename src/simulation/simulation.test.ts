// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { faults } from './put-back/faults.ts';
import { describeFailure, runWorlds } from './run-worlds.ts';
import { World } from './world.ts';
import { planWorld } from './world-plan.ts';

/** Twenty seconds of processor time; `npm run check` plays fewer. Play more with `main.ts`. */
const WORLDS = Number(process.env['HALLMARK_SIMULATED_WORLDS'] ?? 100);
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
    symptom: /still owed 40 min after the last trouble: record \S+ is not verified/,
    firstSeed: 47,
    replicas: 1,
  },
  'deleted-runs-of-others': {
    symptom: /deleted run \S+, which its replica saw, has no record of policy/,
    firstSeed: 20,
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
  'pause-unnoticed': { symptom: /replicas hold the shard of/, firstSeed: 17, replicas: 3 },
};

/** Plays worlds until one shows the fault, in a child process whose modules contain it. */
function search(fault: string, { firstSeed, replicas }: Sign): Promise<string> {
  const seeds = ['--seed', String(firstSeed), '--worlds', String(SEARCHED), '--replicas', String(replicas)];
  const args = ['--put-back', fault, ...seeds, '--max-failed', '1'];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], (error, stdout, stderr) => {
      if (error === null || error.code === 1) resolve(stdout + stderr);
      else reject(new Error(stderr, { cause: error }));
    });
  });
}

describe('the simulation', { concurrency: true }, () => {
  it(`plays ${WORLDS} worlds without a fault`, async () => {
    const { played, failed } = await runWorlds({ firstSeed: 1, worlds: WORLDS, maxFailed: 5 });
    assert.deepEqual(failed.map(describeFailure), []);
    assert.equal(played, WORLDS);
  });

  it('replays a world from its seed', async () => {
    const plan = planWorld(7);
    const [first, second] = [await new World(plan).play(), await new World(planWorld(7)).play()];
    assert.ok(first.lives >= 1 && first.trace().length > 20);
    assert.deepEqual(second.trace(), first.trace());
  });

  for (const { name } of faults) {
    it(`finds the fault ${name} when it is put back`, async () => {
      const sign = signs[name];
      assert.ok(sign !== undefined, `${name} has no sign`);
      assert.match(await search(name, sign), sign.symptom);
    });
  }
});
