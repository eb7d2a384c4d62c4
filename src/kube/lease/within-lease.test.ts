// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import type { Shard } from '../../runtime/shards/shard.ts';
import { withinLease } from './within-lease.ts';

function given() {
  const clock = new ManualClock();
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const outlasted: Shard[] = [];
  const work = withinLease(
    { take: () => undefined, giveUp: () => Promise.resolve(), lose: () => promise.then(() => undefined) },
    {
      ...{ clock, leaseDurationSeconds: 15, renewDeadlineSeconds: 10 },
      onOutlasted: (shard) => outlasted.push(shard),
    },
  );
  return { clock, work, end: resolve, outlasted };
}

describe('the work of a lost shard', () => {
  it('has ended in time when it ends before the Lease runs out', async () => {
    const { clock, work, end, outlasted } = given();
    const lost = work.lose(3);
    await clock.advance(4_999);
    end(undefined);
    await lost;
    await clock.advance(10_000);
    assert.deepEqual(outlasted, []);
  });

  it('is reported when it goes on as the Lease runs out, and counts as ended only once it has', async () => {
    const { clock, work, end, outlasted } = given();
    let isOver = false;
    const lost = work.lose(3).then(() => {
      isOver = true;
    });
    await clock.advance(5_000);
    assert.deepEqual([outlasted, isOver], [[3], false]);
    end(undefined);
    await lost;
    assert.deepEqual([outlasted, isOver], [[3], true]);
  });
});
