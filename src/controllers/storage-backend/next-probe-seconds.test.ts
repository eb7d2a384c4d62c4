// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nextProbeSeconds } from './next-probe-seconds.ts';

describe('nextProbeSeconds', () => {
  it('probes a backend that is down sooner, and no later than other retries', () => {
    const random = (): number => 0;
    assert.equal(nextProbeSeconds(true, { random }), 300);
    assert.equal(nextProbeSeconds(false, { random }), 20);
    assert.equal(nextProbeSeconds(false, { random, maxRetrySeconds: 5 }), 5);
    assert.equal(nextProbeSeconds(false, { random, maxRetrySeconds: 900 }), 20);
  });

  it('spreads the probes of backends that were created together', () => {
    assert.equal(nextProbeSeconds(true, { random: () => 0.5 }), 270);
    assert.equal(nextProbeSeconds(false, { random: () => 1 }), 16);
    const drawn = new Set(Array.from({ length: 20 }, () => nextProbeSeconds(true, {})));
    assert.ok(drawn.size > 1);
  });
});
