// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock } from './clock.ts';
import { ManualClock } from './manual-clock.fixture.ts';

const clocks = { systemClock: () => systemClock, ManualClock: () => new ManualClock() };

for (const [name, create] of Object.entries(clocks)) {
  describe(name, () => {
    it("rejects a sleep with the signal's reason when it aborts", async () => {
      const clock = create();
      const controller = new AbortController();
      const reason = new Error('enough');
      const slept = clock.sleep(3_600_000, controller.signal);
      controller.abort(reason);
      await assert.rejects(slept, (error) => error === reason);
      await assert.rejects(clock.sleep(3_600_000, controller.signal), (error) => error === reason);
    });
  });
}

describe('the manual clock', () => {
  it('wakes sleepers in the order they are due, each at its own time', async () => {
    const clock = new ManualClock(new Date('2026-01-02T00:00:00Z'));
    const woken: string[] = [];
    const sleep = async (name: string, ms: number): Promise<void> => {
      await clock.sleep(ms);
      woken.push(`${name} at ${clock.now().toISOString()}`);
    };
    const slept = [sleep('late', 2000), sleep('early', 1000)];
    await clock.advance(5000);
    await Promise.all(slept);
    assert.deepEqual(woken, ['early at 2026-01-02T00:00:01.000Z', 'late at 2026-01-02T00:00:02.000Z']);
    assert.equal(clock.monotonicMs(), 5000);
  });
});
