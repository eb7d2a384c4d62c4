// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BackendSnapshot } from './gather-backend.ts';
import { planBackend } from './plan-backend.ts';

const now = new Date('2026-01-02T03:04:05Z');
const ready: BackendSnapshot = {
  generation: 3,
  backend: undefined,
  problem: undefined,
  othersDown: 0,
  graceSeconds: undefined,
  untaken: [],
  before: [],
  now,
};
const down: BackendSnapshot = { ...ready, problem: { reason: 'BackendUnavailable', message: 'connection refused' } };

const bare: BackendSnapshot = {
  ...ready,
  problem: { reason: 'BackendUnauthorized', message: 'the Secret does not exist' },
  graceSeconds: 60,
};

describe('planBackend', () => {
  const paces: readonly (readonly [string, BackendSnapshot, number | undefined, number, number])[] = [
    ['a ready backend', ready, undefined, 0, 300],
    ['a backend that is down sooner', down, undefined, 0, 20],
    ['a backend that is down no later than other retries', down, 5, 0, 5],
    ['a backend that is down as soon even if other retries are rare', down, 900, 0, 20],
    ['ready backends at times that are spread', ready, undefined, 0.5, 270],
    ['backends that are down at times that are spread', down, undefined, 1, 16],
    ['a backend that is down as soon beside nineteen others', { ...down, othersDown: 19 }, undefined, 0, 20],
    ['a backend that is down in turn with two hundred others', { ...down, othersDown: 199 }, undefined, 0, 200],
    ['a ready backend as often beside two hundred that are down', { ...ready, othersDown: 199 }, undefined, 0, 300],
    ['a backend without credentials as soon', bare, undefined, 0, 20],
    ['a backend whose grace ends sooner at its end', { ...bare, graceSeconds: 7 }, undefined, 0, 7],
    ['a backend whose grace is over as one that is down', { ...bare, graceSeconds: 0 }, undefined, 0, 20],
  ];
  for (const [name, snapshot, maxRetrySeconds, spread, seconds] of paces) {
    it(`probes ${name}`, () => {
      assert.equal(planBackend(snapshot, { maxRetrySeconds, spread }).nextProbeSeconds, seconds);
    });
  }

  it('stalls a backend that needs something from others only when that is overdue', () => {
    const flags = (snapshot: BackendSnapshot): readonly string[] =>
      planBackend(snapshot, { spread: 0 }).status.conditions.map(({ type, status }) => `${type}=${status}`);
    assert.deepEqual(flags(bare), ['Ready=False', 'Reconciling=True', 'Stalled=False']);
    assert.deepEqual(flags({ ...bare, graceSeconds: 0 }), ['Ready=False', 'Reconciling=False', 'Stalled=True']);
  });

  it('keeps the time of a condition that does not change', () => {
    const { status } = planBackend(down, { spread: 0 });
    assert.equal(status.observedGeneration, 3);
    const later = { ...down, before: status.conditions, now: new Date('2026-01-02T04:00:00Z') };
    assert.deepEqual(planBackend(later, { spread: 0 }).status, status);
    const recovered = planBackend({ ...later, problem: undefined }, { spread: 0 }).status.conditions[0];
    assert.deepEqual([recovered?.status, recovered?.lastTransitionTime], ['True', '2026-01-02T04:00:00Z']);
  });
});
