// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { longDelay } from './long-delay.ts';

const DAY_MS = 24 * 3_600_000;

it('a delay may be longer than a timer of Node', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let isOver = false;
  const over = longDelay(30 * DAY_MS).then(() => (isOver = true));
  const pass = async (days: number): Promise<void> => {
    t.mock.timers.tick(days * DAY_MS);
    await new Promise(setImmediate);
  };
  await pass(24);
  assert.equal(isOver, false);
  await pass(5);
  assert.equal(isOver, false);
  await pass(6);
  await over;
});
