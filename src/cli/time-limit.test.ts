// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { timeLimit } from './time-limit.ts';
import { exitCodeOf, UNCHECKED } from './usage-exit.ts';

it('a command that reaches its time limit says so, and did not find out', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const signal = timeLimit(120_000);
  t.mock.timers.tick(119_999);
  await new Promise(setImmediate);
  assert.equal(signal.aborted, false);
  t.mock.timers.tick(1);
  await new Promise(setImmediate);
  assert.throws(
    () => {
      signal.throwIfAborted();
    },
    (error) => {
      assert.match(String(error), /the command did not end within 120 seconds$/);
      assert.equal(exitCodeOf(error), UNCHECKED);
      return true;
    },
  );
});

it('a time limit may be longer than a timer of Node', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const signal = timeLimit(30 * 24 * 3_600_000);
  t.mock.timers.tick(1);
  await new Promise(setImmediate);
  assert.equal(signal.aborted, false);
});
