// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { EVERYWHERE } from './change-propagation.ts';
import { RescanPace } from './rescan-pace.ts';

describe('the pace of rescans', () => {
  const clock = new ManualClock();
  const pace = new RescanPace(clock);
  const rescan = (namespace: string, seconds: number): Promise<void> =>
    pace.measure(namespace, () => clock.advance(seconds * 1000));

  it('pauses those of a namespace for four times as long as the last took, and no others', async () => {
    await rescan('team-a', 2);
    assert.deepEqual([pace.secondsLeft('team-a'), pace.secondsLeft('team-b')], [8, 0]);
    await clock.advance(8000);
    assert.equal(pace.secondsLeft('team-a'), 0);
  });

  it('pauses for half a minute at most, and after a rescan that failed too', async () => {
    await assert.rejects(
      pace.measure('team-c', async () => {
        await clock.advance(60_000);
        throw new Error('the list failed');
      }),
    );
    assert.equal(pace.secondsLeft('team-c'), 30);
  });

  it('has no pause after a rescan of all namespaces', async () => {
    await rescan(EVERYWHERE, 60);
    assert.equal(pace.secondsLeft(EVERYWHERE), 0);
  });
});
