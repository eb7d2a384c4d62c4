// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { Lease } from '../../src/kube/lease/lease.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { KubeBed, type BedClient } from './kube-bed.ts';

interface Change {
  readonly who: string;
  readonly what: 'acquired' | 'lost';
  readonly atMs: number;
  /** Everybody who believed to hold the lease at that moment. */
  readonly holders: readonly string[];
}

describe('a lease on a real API server', () => {
  let bed: KubeBed;

  before(async () => {
    bed = await KubeBed.start('lease', { own: true });
  });
  after(async () => {
    await bed.stop();
  });

  it('goes to one of two replicas, and to the other when the holder is cut off from the API server', async (t) => {
    const proxy = await bed.plane.cutProxy();
    t.after(() => proxy.stop());
    const pair = replicas(t, 'takeover', { one: bed.client(bed.plane.kubeconfigVia(proxy)), two: bed.client() });
    pair.start('one');
    await waitUntil('one holds it', () => pair.holders().includes('one'));
    pair.start('two');
    await waitUntil('two knows who holds it', () => pair.lease('two').holder === 'one');
    proxy.refuse();
    proxy.cut();
    await waitUntil('two holds it', () => pair.holders().includes('two'), { intervalMilliseconds: 10 });
    assert.deepEqual(pair.story(), ['one acquired', 'one lost', 'two acquired']);
    assert.equal(pair.everBoth(), false);
    proxy.accept();
    await waitUntil('one is back and knows', () => pair.lease('one').holder === 'two');
    assert.deepEqual(pair.holders(), ['two']);
    const { stdout } = await bed.plane.kubectl(['get', 'lease', 'takeover', '-n', 'default', '-o', 'json']);
    assert.match(stdout, /"holderIdentity": "two"/);
    assert.match(stdout, /"leaseTransitions": 1/);
  });

  it('is released by a holder that stops, so that the other need not wait for it to run out', async (t) => {
    const pair = replicas(t, 'release', { one: bed.client(), two: bed.client() }, 60);
    pair.start('one');
    await waitUntil('one holds it', () => pair.holders().includes('one'));
    pair.start('two');
    await waitUntil('two knows who holds it', () => pair.lease('two').holder === 'one');
    await pair.lease('one').stop();
    await waitUntil('two holds it', () => pair.holders().includes('two'), { timeoutSeconds: 20 });
    assert.deepEqual(pair.story(), ['one acquired', 'one lost', 'two acquired']);
  });

  it('never has two holders when many come at once', async (t) => {
    const clients = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((name) => [name, bed.client()]));
    const crowd = replicas(t, 'crowd', clients);
    for (const name of Object.keys(clients)) crowd.start(name);
    await waitUntil('one replica holds it', () => crowd.holders().length > 0);
    const [first = ''] = crowd.holders();
    await crowd.lease(first).stop();
    await waitUntil('another replica holds it', () => crowd.holders().length > 0);
    assert.equal(crowd.everBoth(), false);
    assert.deepEqual(
      crowd.story().map((line) => line.split(' ')[1]),
      ['acquired', 'lost', 'acquired'],
    );
  });

  it('is kept through a short restart of the API server', async (t) => {
    const pair = replicas(t, 'restart', { one: bed.client(), two: bed.client() }, 60);
    pair.start('one');
    await waitUntil('one holds it', () => pair.holders().includes('one'));
    pair.start('two');
    await bed.plane.restartApiServer();
    const { stdout: before } = await bed.plane.kubectl(['get', 'lease', 'restart', '-o', 'jsonpath={.spec.renewTime}']);
    await waitUntil('it is renewed', async () => {
      const { stdout } = await bed.plane.kubectl(['get', 'lease', 'restart', '-o', 'jsonpath={.spec.renewTime}']);
      return stdout !== before;
    });
    assert.deepEqual(pair.story(), ['one acquired']);
  });
});

function replicas(
  t: TestContext,
  name: string,
  clients: Readonly<Record<string, BedClient>>,
  leaseDurationSeconds = 10,
) {
  const changes: Change[] = [];
  const leases = new Map<string, Lease>();
  const holders = (): readonly string[] => [...leases].flatMap(([who, lease]) => (lease.held() ? [who] : []));
  for (const [who, { client }] of Object.entries(clients)) {
    const note = (what: Change['what']) => (): void => {
      changes.push({ who, what, atMs: performance.now(), holders: holders() });
    };
    const lease = new Lease({
      client,
      clock: systemClock,
      namespace: 'default',
      name,
      identity: who,
      leaseDurationSeconds,
      renewDeadlineSeconds: leaseDurationSeconds - 1,
      retryPeriodSeconds: 0.5,
      observer: { acquired: note('acquired'), lost: note('lost') },
    });
    leases.set(who, lease);
  }
  const lease = (who: string): Lease => {
    const found = leases.get(who);
    assert.ok(found);
    return found;
  };
  const started = new Set<string>();
  t.after(() => Promise.all([...started].map((who) => lease(who).stop())));
  return {
    lease,
    holders,
    start: (who: string): void => {
      started.add(who);
      lease(who).start();
    },
    story: (): readonly string[] => changes.map(({ who, what }) => `${who} ${what}`),
    everBoth: (): boolean => changes.some((change) => change.holders.length > 1),
  };
}
