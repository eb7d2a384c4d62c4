// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import type { WritableObject } from '../kube-client.ts';
import { KubeError } from '../kube-error.ts';
import { objectField, stringField } from '../../json/fields.ts';
import type { LeaseOptions } from './lease.ts';
import { Lease } from './lease.ts';
import type { Resource } from '../resource.ts';

describe('the lease', () => {
  it('is held by the one replica that came first', async () => {
    const { server, clock, replica } = setup();
    const [one, two] = [replica('one'), replica('two')];
    one.lease.start();
    await clock.settle();
    two.lease.start();
    await clock.advance(60_000);
    assert.equal(one.lease.held(), true);
    assert.equal(two.lease.held(), false);
    assert.equal(two.lease.holder, 'one');
    assert.deepEqual([one.story, two.story], [['acquired'], []]);
    assert.equal(stringField(server.spec, 'holderIdentity'), 'one');
    await Promise.all([one.lease.stop(), two.lease.stop()]);
  });

  it('goes to one alone when both try at once', async () => {
    const { clock, replica } = setup();
    const [one, two] = [replica('one'), replica('two')];
    one.lease.start();
    two.lease.start();
    await clock.advance(10_000);
    assert.notEqual(one.lease.held(), two.lease.held());
    await Promise.all([one.lease.stop(), two.lease.stop()]);
  });

  it('is not believed in after the renew deadline, before another may take it', async () => {
    const { server, clock, replica } = setup();
    const [one, two] = [replica('one'), replica('two')];
    one.lease.start();
    await clock.settle();
    two.lease.start();
    await clock.advance(1_000);
    server.refuse = 'one';
    const lostAtMs: number[] = [];
    const takenAtMs: number[] = [];
    for (let elapsedMs = 0; elapsedMs < 30_000; elapsedMs += 100) {
      await clock.advance(100);
      assert.equal(one.lease.held() && two.lease.held(), false, `both hold it after ${elapsedMs} ms`);
      if (!one.lease.held() && lostAtMs.length === 0) lostAtMs.push(clock.monotonicMs());
      if (two.lease.held() && takenAtMs.length === 0) takenAtMs.push(clock.monotonicMs());
    }
    assert.deepEqual(lostAtMs, [10_000]);
    assert.ok(
      (takenAtMs[0] ?? 0) >= 15_000 && (takenAtMs[0] ?? Infinity) <= 20_000,
      `taken at ${String(takenAtMs[0])}`,
    );
    assert.deepEqual(
      one.story.filter((event) => event !== 'failed'),
      ['acquired', 'lost'],
    );
    assert.equal(server.spec?.['leaseTransitions'], 1);
    server.refuse = undefined;
    await clock.advance(60_000);
    assert.equal(two.lease.held(), true);
    assert.equal(one.lease.held(), false);
    await Promise.all([one.lease.stop(), two.lease.stop()]);
  });

  it('is free at once for the other when the holder stops in good order', async () => {
    const { server, clock, replica } = setup();
    const [one, two] = [replica('one'), replica('two')];
    one.lease.start();
    await clock.settle();
    two.lease.start();
    await clock.advance(5_000);
    await one.lease.stop();
    assert.equal(one.lease.held(), false);
    assert.equal(stringField(server.spec, 'holderIdentity'), '');
    await clock.advance(3_000);
    assert.equal(two.lease.held(), true);
    assert.deepEqual(one.story, ['acquired', 'lost']);
    await two.lease.stop();
  });

  it('is lost at once when another holder is found in it, whatever the deadline says', async () => {
    const { server, clock, replica } = setup();
    const { lease, story } = replica('one');
    lease.start();
    await clock.settle();
    server.steal('thief');
    await clock.advance(2_500);
    assert.equal(lease.held(), false);
    assert.deepEqual(story, ['acquired', 'lost']);
    await lease.stop();
    assert.equal(stringField(server.spec, 'holderIdentity'), 'thief');
  });

  it('is acquired again after it was deleted', async () => {
    const { server, clock, replica } = setup();
    const { lease, story } = replica('one');
    lease.start();
    await clock.settle();
    server.delete();
    await clock.advance(10_000);
    assert.equal(lease.held(), true);
    assert.deepEqual(story, ['acquired', 'lost', 'acquired']);
    await lease.stop();
  });

  it("never compares another machine's clock with ours", async () => {
    const { server, clock, replica } = setup();
    server.steal('dead', '1999-01-01T00:00:00.000000Z');
    const { lease } = replica('one');
    lease.start();
    await clock.advance(14_000);
    assert.equal(lease.held(), false);
    await clock.advance(6_000);
    assert.equal(lease.held(), true);
    await lease.stop();
  });

  it('refuses times under which two could hold it', () => {
    const { replica } = setup();
    assert.throws(() => replica('one', { renewDeadlineSeconds: 15 }), RangeError);
    assert.throws(() => replica('one', { retryPeriodSeconds: 10 }), RangeError);
  });
});

function setup() {
  const clock = new ManualClock();
  const server = new LeaseServer();
  const replica = (identity: string, times: Partial<LeaseOptions> = {}) => {
    const story: string[] = [];
    const observer = {
      acquired: () => story.push('acquired'),
      lost: () => story.push('lost'),
      failed: () => story.push('failed'),
    };
    const client = server.clientOf(identity);
    const lease = new Lease({ client, clock, namespace: 'hallmark', name: 'hallmark', identity, observer, ...times });
    return { lease, story };
  };
  return { clock, server, replica };
}

/** One Lease with the optimistic concurrency of the API server. */
class LeaseServer {
  spec: Readonly<Record<string, unknown>> | undefined;
  /** The replica whose requests get no answer. */
  refuse: string | undefined;
  #version = 0;

  steal(holder: string, renewTime = '2026-01-02T03:04:05.000000Z'): void {
    this.#store({ holderIdentity: holder, leaseDurationSeconds: 15, renewTime });
  }

  delete(): void {
    this.spec = undefined;
  }

  clientOf(identity: string): LeaseOptions['client'] {
    const guard = async (): Promise<void> => {
      await Promise.resolve();
      if (this.refuse === identity)
        throw new KubeError({ status: 0, reason: 'Unreachable', message: 'connection refused' });
    };
    return {
      find: async <T>(resource: Resource<T>) => {
        await guard();
        return this.spec === undefined ? undefined : resource.parse(this.#object());
      },
      create: async <T>(resource: Resource<T>, object: WritableObject) => {
        await guard();
        if (this.spec !== undefined) throw new KubeError({ status: 409, reason: 'AlreadyExists', message: 'exists' });
        this.#store(objectField(object, 'spec'));
        return resource.parse(this.#object());
      },
      replace: async <T>(resource: Resource<T>, object: WritableObject) => {
        await guard();
        if (this.spec === undefined) throw new KubeError({ status: 404, reason: 'NotFound', message: 'gone' });
        if (stringField(object.metadata, 'resourceVersion') !== String(this.#version)) {
          throw new KubeError({ status: 409, reason: 'Conflict', message: 'changed' });
        }
        this.#store(objectField(object, 'spec'));
        return resource.parse(this.#object());
      },
    };
  }

  #store(spec: Readonly<Record<string, unknown>>): void {
    this.#version += 1;
    this.spec = spec;
  }

  #object(): unknown {
    return { metadata: { name: 'hallmark', uid: 'u', resourceVersion: String(this.#version) }, spec: this.spec };
  }
}
