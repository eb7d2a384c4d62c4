// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { RetirementMarks } from './retirement-marks.ts';

const A = 'SigningPolicy/team-a/builds';
const B = 'SigningPolicy/team-b/builds';
const keep = { retention: 'Keep' } as const;

describe('RetirementMarks', () => {
  it('covers the latest completion with the next mark, a minute later', async () => {
    const clock = new ManualClock();
    const marks = new RetirementMarks(clock);
    assert.equal(marks.want(A, '2026-01-01T00:00:00Z'), 0);
    marks.begin(A, keep);
    assert.equal(marks.want(A, '2026-01-01T00:02:00Z'), 60);
    await clock.advance(60_000);
    assert.equal(marks.want(A, '2026-01-01T00:01:00Z'), 0);
    assert.equal(marks.wanted(A), '2026-01-01T00:02:00Z');
    await clock.advance(600_000);
    marks.want(A, '2026-01-01T00:10:00Z');
    marks.begin(A, keep);
    assert.equal(marks.wanted(A), '2026-01-01T00:10:00Z');
  });

  it('forgets a policy whose records stopped retiring, and none whose mark failed', async () => {
    const clock = new ManualClock();
    const marks = new RetirementMarks(clock);
    for (const key of [A, B] as const) {
      marks.want(key, '2026-01-01T00:00:00Z');
      marks.begin(key, keep);
    }
    marks.failed(B);
    await clock.advance(600_000);
    marks.want('ClusterSigningPolicy//all', '2026-01-01T00:00:00Z');
    marks.begin('ClusterSigningPolicy//all', keep);
    assert.deepEqual([marks.wanted(A), marks.wanted(B)], [undefined, '2026-01-01T00:00:00Z']);
  });
});
