// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { field } from '../../../json/fields.ts';
import { ManualClock } from '../../../runtime/manual-clock.fixture.ts';
import { unreachable } from '../../../kube/model-api.fixture.ts';
import { ReconcilerWorld } from '../../fixtures/reconciler-world.fixture.ts';
import type { RunKey } from '../../../tekton/run-key.ts';

const HOUR_MS = 3600_000;
const DAY_MS = 24 * HOUR_MS;
const COMPLETED = '2026-01-02T03:04:00Z';
const hour = { record: { retention: 'Seconds', seconds: 3600 } };
const week = { record: { retention: 'Seconds', seconds: 604_800 } };

describe('a record that retired', () => {
  let world: ReconcilerWorld;
  let run: RunKey;
  beforeEach(async () => {
    world = new ReconcilerWorld();
    await world.setPolicy(hour);
    world.addStore();
    run = await world.addRun('bake', COMPLETED);
    await world.reconcileRun(run);
    await world.reconcileRecords();
    assert.deepEqual([world.records.length, world.stored], [1, 1]);
  });

  function forgetRecords(): void {
    for (const { key } of [...world.context.records.all()]) world.context.records.remove(key);
  }

  async function retire(): Promise<void> {
    await world.clock.advance(HOUR_MS);
    assert.deepEqual(world.records, []);
    forgetRecords();
  }

  async function assertNotSignedAgain(later: ReconcilerWorld = world): Promise<void> {
    await later.reconcileRun(run);
    await later.clock.advance(60_000);
    assert.deepEqual([later.records.length, world.signatures], [0, 1]);
  }

  for (const [name, spec] of [
    ['is kept for longer', week],
    ['keeps records for ever', { record: { retention: 'Keep' } }],
    ['keeps records with their runs', { record: { retention: 'WithRun' } }],
  ] as const) {
    it(`is not created again when its policy ${name}`, async () => {
      await retire();
      await world.setPolicy(spec);
      await assertNotSignedAgain();
    });
  }

  it('by the default, which came with an upgrade, is not created again when its policy keeps records for ever', async () => {
    await world.setPolicy({ record: { retention: 'Keep' } });
    await world.reconcileRecords();
    await world.clock.advance(8 * DAY_MS);
    assert.equal(world.records.length, 1);
    const upgraded = new ReconcilerWorld({ api: world.api, clock: world.clock });
    await upgraded.setPolicy({});
    upgraded.addStore();
    upgraded.deliverRecords();
    await upgraded.reconcileRecords();
    await upgraded.clock.advance(60_000);
    assert.deepEqual(world.records, []);
    for (const { key } of [...upgraded.context.records.all()]) upgraded.context.records.remove(key);
    await upgraded.setPolicy({ record: { retention: 'Keep' } });
    await assertNotSignedAgain(upgraded);
  });

  it('is not created again when the clock is set back, or by a replica whose clock is behind', async () => {
    await retire();
    const behind = new ReconcilerWorld({ api: world.api, clock: new ManualClock(new Date('2026-01-02T03:04:05Z')) });
    await behind.readPolicy();
    behind.addStore();
    await assertNotSignedAgain(behind);
    assert.equal(behind.signatures, 0);
  });

  it('is not created again when its policy is created again while the operator runs', async () => {
    await retire();
    await world.deletePolicy();
    await world.setPolicy({ ...week, runs: { finishedAfter: '2026-01-01T00:00:00Z' } });
    await assertNotSignedAgain();
  });

  it('leaves later runs to be signed', async () => {
    await retire();
    await world.setPolicy(week);
    await world.reconcileRun(await world.addRun('later', '2026-01-02T03:04:01Z'));
    assert.deepEqual([world.records.length, world.signatures], [1, 2]);
  });

  it('is only deleted once its policy records it', async () => {
    world.api.intercept = (request, serve) => {
      if (request.path.endsWith('/signingpolicies/builds/status')) throw unreachable();
      return serve();
    };
    await world.clock.advance(HOUR_MS + 60_000);
    assert.equal(world.records.length, 1);
    world.api.intercept = (request, serve) => {
      if (request.method === 'DELETE') {
        const [policy] = world.api.objects('signingpolicies');
        assert.equal(field(field(policy, 'status'), 'retiredBefore'), COMPLETED);
      }
      return serve();
    };
    await world.clock.advance(HOUR_MS);
    assert.equal(world.records.length, 0);
  });

  it('stays, and reports CRDs of another version that do not keep the mark', async () => {
    world.api.intercept = (request, serve) => {
      if (!request.path.endsWith('/signingpolicies/builds/status')) return serve();
      return { ...Object(request.body), status: {} };
    };
    await world.clock.advance(HOUR_MS + 1000);
    assert.equal(world.records.length, 1);
    assert.match(String(world.results.at(-1)?.error), /does not keep status.retiredBefore.*install the CRDs/);
  });
});

describe('records that retire together', () => {
  it('cost their policy two writes at most', async () => {
    const world = new ReconcilerWorld();
    await world.setPolicy(week);
    world.addStore();
    for (let second = 0; second < 50; second += 1) {
      const completed = new Date(Date.parse('2026-01-02T03:03:00Z') + second * 1000).toISOString();
      await world.reconcileRun(await world.addRun(`bake-${second}`, completed));
    }
    await world.reconcileRecords();
    assert.deepEqual([world.records.length, world.stored], [50, 50]);
    await world.clock.advance(2 * HOUR_MS);
    await world.setPolicy(hour);
    await world.reconcileRecords();
    await world.clock.advance(120_000);
    assert.equal(world.records.length, 0);
    const writes = world.api.count('update signingpolicies.hallmark.dev/status');
    assert.ok(writes >= 1 && writes <= 2, `${writes} writes`);
  });
});
