// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { Leadership } from '../../src/kube/lease/leadership.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { KubeBed, unhurried } from './kube-bed.ts';

describe('leadership on a real API server', () => {
  let bed: KubeBed;

  before(async () => {
    bed = await KubeBed.start('leadership');
  });
  after(async () => {
    await bed.stop();
  });

  it('passes to the replica that waits when the leader gives it up, which is no loss', async (t) => {
    const [first, second] = [replica(t, bed, 'handover'), replica(t, bed, 'handover')];
    await first.leadership.acquire(unhurried);
    assert.equal(first.leadership.isLeader, true);
    const waiting = second.leadership.acquire(unhurried);
    assert.equal(second.leadership.isLeader, false);
    await first.leadership.release();
    await waiting;
    assert.deepEqual([first.leadership.isLeader, second.leadership.isLeader], [false, true]);
    assert.equal(first.losses(), 0);
  });

  it('is reported as lost when another client writes the Lease', async (t) => {
    const { leadership, losses } = replica(t, bed, 'stolen');
    await leadership.acquire(unhurried);
    const patch = '{"spec":{"holderIdentity":"thief","leaseDurationSeconds":600}}';
    await bed.plane.kubectl(['patch', 'lease', 'stolen', '--type=merge', '-p', patch]);
    await waitUntil('the loss is reported', () => losses() === 1);
    assert.equal(leadership.isLeader, false);
  });

  it('is waited for no longer than the process lives', async (t) => {
    const [first, second] = [replica(t, bed, 'stopped'), replica(t, bed, 'stopped')];
    await first.leadership.acquire(unhurried);
    const stop = new AbortController();
    const waiting = second.leadership.acquire(stop.signal);
    const reason = new Error('stopped');
    stop.abort(reason);
    await assert.rejects(waiting, (error) => error === reason);
  });

  it('belongs to the one replica without election, and no Lease is made', async (t) => {
    const { leadership } = replica(t, bed, 'alone', false);
    await leadership.acquire(unhurried);
    assert.equal(leadership.isLeader, true);
    const { stdout } = await bed.plane.kubectl(['get', 'leases', '-n', 'default', '-o', 'name']);
    assert.equal(stdout.includes('alone'), false);
  });
});

function replica(t: TestContext, bed: KubeBed, leaseName: string, enabled = true) {
  let losses = 0;
  const leadership = new Leadership({
    client: bed.client().client,
    clock: systemClock,
    namespace: 'default',
    instance: 'hallmark-0',
    election: { enabled, leaseName, leaseDurationSeconds: 10, renewDeadlineSeconds: 9, retryPeriodSeconds: 0.5 },
    onLost: () => {
      losses += 1;
    },
    onFailure: () => undefined,
  });
  t.after(() => leadership.release());
  return { leadership, losses: () => losses };
}
