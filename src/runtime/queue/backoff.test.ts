// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exponentialBackoff } from './backoff.ts';

describe('the exponential back-off', () => {
  it('grows to its cap and stays there, however many failures there were', () => {
    const backoff = exponentialBackoff({ minMs: 1000, maxMs: 300_000, jitter: 0 });
    const waits = [1, 2, 3, 9, 10, 5000].map((failures) => backoff.delayMs(failures));
    assert.deepEqual(waits, [1000, 2000, 4000, 256_000, 300_000, 300_000]);
  });

  it('is shortened by no more than its jitter', () => {
    const wait = (random: number): number =>
      exponentialBackoff({ minMs: 1000, maxMs: 9000, jitter: 0.2, random: () => random }).delayMs(1);
    assert.deepEqual([wait(0), wait(0.5), wait(1)], [1000, 900, 800]);
  });
});
