// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { laneFaults } from './lane-faults.fixture.ts';
import { playInThread } from './lane-thread.fixture.ts';

/** About two seconds' worth. `LANE_WORLDS` and `LANE_SEED` play others, or one that went wrong again. */
const worlds = Number(process.env['LANE_WORLDS'] ?? 2000);
const firstSeed = Number(process.env['LANE_SEED'] ?? 1);

describe('WorkerLanes in random worlds', () => {
  it(`brings all keys of ${worlds} worlds to their end, without circles and without idleness`, async () => {
    assert.equal(await playInThread({ firstSeed, worlds }), '');
  });

  for (const { name, symptom, firstSeed: first } of laneFaults) {
    it(`finds ${name}`, async () => {
      assert.match(await playInThread({ firstSeed: first, worlds, fault: name }), symptom);
    });
  }
});
