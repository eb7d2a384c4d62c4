// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TokenBucket } from './token-bucket.ts';

describe('a token bucket', () => {
  it('allows a burst and then a steady rate', () => {
    const bucket = new TokenBucket({ burst: 2, refillMs: 1000 }, 0);
    assert.deepEqual([bucket.take(0), bucket.take(0), bucket.take(999)], [true, true, false]);
    assert.deepEqual([bucket.take(1500), bucket.take(1999), bucket.take(2000)], [true, false, true]);
  });

  it('never holds more than its burst', () => {
    const bucket = new TokenBucket({ burst: 2, refillMs: 1000 }, 0);
    assert.deepEqual([bucket.take(60_000), bucket.take(60_000), bucket.take(60_000)], [true, true, false]);
  });
});
