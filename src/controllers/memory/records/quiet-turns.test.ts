// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../../runtime/manual-clock.fixture.ts';
import { QuietTurns } from './quiet-turns.ts';

describe('QuietTurns', () => {
  it('keeps a waiting record quiet for 45 seconds from the start of its wait', async () => {
    const clock = new ManualClock();
    const turns = new QuietTurns(clock);
    assert.equal(turns.secondsLeft('a'), 45);
    await clock.advance(40_000);
    assert.equal(turns.secondsLeft('a'), 5);
    assert.equal(turns.secondsLeft('b'), 45);
    await clock.advance(5000);
    assert.equal(turns.secondsLeft('a'), 0);
    await clock.advance(3_600_000);
    assert.equal(turns.secondsLeft('a'), 0);
  });

  it('starts again for a record that had its turn', async () => {
    const clock = new ManualClock();
    const turns = new QuietTurns(clock);
    turns.secondsLeft('a');
    await clock.advance(60_000);
    turns.end('a');
    assert.equal(turns.secondsLeft('a'), 45);
  });
});
