// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { WrittenAnnotations } from './written-annotations.ts';

describe('annotations as they were written', () => {
  it('are given once, for their run alone, within five seconds', async () => {
    const clock = new ManualClock();
    const written = new WrittenAnnotations(clock);
    const annotations = { a: 'b' };
    written.keep('uid', annotations);
    assert.equal(written.take('other'), undefined);
    assert.equal(written.take('uid'), annotations);
    assert.equal(written.take('uid'), undefined);
    written.keep('uid', annotations);
    await clock.advance(5000);
    assert.equal(written.take('uid'), undefined);
  });

  it('take no more than a mebibyte, whatever runs hold', () => {
    const written = new WrittenAnnotations(new ManualClock());
    for (const uid of ['one', 'two', 'three']) written.keep(uid, { payload: 'x'.repeat(400_000) });
    const kept = ['one', 'two', 'three'].filter((uid) => written.take(uid) !== undefined);
    assert.deepEqual(kept, ['two', 'three']);
  });
});
