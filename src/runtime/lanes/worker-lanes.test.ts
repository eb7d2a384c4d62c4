// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exponentialBackoff } from '../queue/backoff.ts';
import { Controller, type ReconcileResult } from '../queue/controller.ts';
import { KeyedQueue } from '../queue/keyed-queue.ts';
import { ManualClock } from '../manual-clock.fixture.ts';
import { DEFERRED, type Outcome } from '../queue/outcome.ts';
import { type LaneName, WorkerLanes } from './worker-lanes.ts';

/** A pool of workers: what each does is up to the test. */
class Pool {
  readonly woken: string[] = [];
  readonly lanes: WorkerLanes;
  readonly #workers: number;
  readonly #busy = new Map<string, (() => void)[]>();

  constructor(workers: number) {
    this.#workers = workers;
    this.lanes = new WorkerLanes({
      idleWorkers: () => this.#workers - this.#busy.size,
      wake: (key) => this.woken.push(key),
      isBusy: (key) => this.#busy.has(key),
    });
  }

  /** A worker takes a record to a lane. @returns whether there was room; where there was none it goes on at once */
  takes(record: string, lane: string | LaneName): boolean {
    this.#busy.set(record, []);
    const leave = this.lanes.enter([typeof lane === 'string' ? { name: lane, perIdle: 1 } : lane], record);
    if (leave === undefined) this.ends(record);
    else this.#busy.get(record)?.push(leave);
    return leave !== undefined;
  }

  ends(record: string, comesAgain?: boolean): void {
    for (const leave of this.#busy.get(record) ?? []) leave();
    this.#busy.delete(record);
    this.lanes.ended(record, comesAgain);
  }

  /** The records that are worked on. */
  get inside(): readonly string[] {
    return [...this.#busy.keys()];
  }
}

function records(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}-${index}`);
}

describe('WorkerLanes', () => {
  it('leaves half of the workers to others, however many records one backend has', () => {
    const pool = new Pool(8);
    assert.equal(records('slow', 100).filter((record) => pool.takes(record, 'slow')).length, 4);
    assert.equal(records('other', 100).filter((record) => pool.takes(record, 'other')).length, 2);
    assert.equal(pool.takes('alone', 'third'), true);
  });

  it('lets what may hold more than others leave less to them', () => {
    const shares = [
      [0.5, 4],
      [1, 6],
      [3, 9],
    ] as const;
    for (const [perIdle, expected] of shares) {
      const pool = new Pool(12);
      const served = records('slow', 100).filter((record) => pool.takes(record, { name: 'slow', perIdle }));
      assert.equal(served.length, expected);
    }
  });

  it('wakes those that wait in the order they came in, one for each place', () => {
    const pool = new Pool(4);
    const [a = '', b = '', ...waiting] = records('slow', 5);
    for (const record of [a, b, ...waiting]) pool.takes(record, 'slow');
    assert.deepEqual(pool.woken, []);
    pool.ends(a);
    assert.deepEqual(pool.woken, [waiting[0]]);
    assert.equal(pool.takes('late', 'slow'), false, 'the place is kept for who was woken');
    assert.equal(pool.takes(waiting[0] ?? '', 'slow'), true);
    pool.ends(b);
    assert.deepEqual(pool.woken, [waiting[0], waiting[1]]);
  });

  it('passes on a place that no key takes', () => {
    const pool = new Pool(4);
    const [a = '', b = '', c = '', d = ''] = records('slow', 4);
    for (const record of [a, b, c, d]) pool.takes(record, 'slow');
    pool.ends(a);
    pool.ends(b);
    assert.deepEqual(pool.woken, [c, d]);
    // Deleted meanwhile: worked on, and in no lane.
    pool.ends(c);
    assert.equal(pool.takes(d, 'slow'), true);
  });

  it('serves everybody in the end', () => {
    const pool = new Pool(4);
    const waiting = records('slow', 50);
    const served: string[] = [];
    const open = new Set<string>();
    for (const record of waiting) if (pool.takes(record, 'slow')) open.add(record);
    while (served.length < waiting.length) {
      const [next] = open;
      assert.ok(next !== undefined, `no key is served after ${served.length}`);
      open.delete(next);
      served.push(next);
      pool.ends(next);
      for (const record of pool.woken.splice(0)) if (pool.takes(record, 'slow')) open.add(record);
    }
    assert.deepEqual(served.toSorted(), waiting.toSorted());
  });

  it('gives the place in a lane on though the work on the record that left it goes on elsewhere', () => {
    const pool = new Pool(4);
    const leaveFast = pool.lanes.enter([{ name: 'fast', perIdle: 0 }], 'both');
    assert.equal(pool.takes('both', 'slow'), true);
    assert.equal(pool.takes('next', { name: 'fast', perIdle: 0 }), false);
    assert.deepEqual(pool.woken, []);
    leaveFast?.();
    assert.deepEqual(pool.woken, ['next']);
  });

  it('lets a key pass to where its turn has come, one more than there is room for', () => {
    const woken: string[] = [];
    const lanes = new WorkerLanes({ idleWorkers: () => 0, isBusy: () => false, wake: (key) => woken.push(key) });
    const outer = { name: 'namespace', perIdle: 1, isOuter: true } as const;
    const backends = ['b', 'c'].map((name) => ({ name, perIdle: 0 }));
    const busy = backends.map((backend) => lanes.enter([backend], `holder of ${backend.name}`));
    for (const backend of backends) assert.equal(lanes.enter([backend], `waits for ${backend.name}`), undefined);
    assert.ok(lanes.enter([outer], 'passing') !== undefined);
    for (const leave of busy) leave?.();
    assert.deepEqual(woken, ['waits for b', 'waits for c']);
    assert.equal(lanes.enter([outer], 'has no turn'), undefined);
    assert.ok(lanes.enter([outer], 'waits for b') !== undefined, 'its turn at b has come');
    assert.equal(lanes.enter([outer], 'waits for c'), undefined, 'one more is enough to go on');
  });

  it('counts the workers that woken keys of all lanes will need', () => {
    const pool = new Pool(8);
    const lanes = ['a', 'b', 'c', 'd'];
    for (const lane of lanes) for (const record of records(lane, 10)) pool.takes(record, lane);
    for (const record of pool.inside) pool.ends(record);
    const { length } = pool.woken;
    assert.ok(length > 0 && length <= 8, `${length} keys were woken for 8 workers`);
    assert.deepEqual(
      pool.woken.filter((record) => pool.takes(record, record.charAt(0))),
      pool.woken,
      'each woken key is admitted',
    );
  });

  it('wakes a key of each lane in turn', () => {
    const pool = new Pool(6);
    assert.equal(pool.takes('busy', 'other'), true);
    for (const lane of ['a', 'b'])
      for (const record of records(lane, 6)) pool.takes(record, { name: lane, perIdle: 3 });
    pool.woken.length = 0;
    for (const record of pool.inside) pool.ends(record);
    assert.deepEqual(
      pool.woken
        .slice(0, 4)
        .map((record) => record.charAt(0))
        .toSorted(),
      ['a', 'a', 'b', 'b'],
    );
  });

  it('passes over a key that is worked on elsewhere, which keeps its turn', () => {
    const pool = new Pool(8);
    const narrow = { name: 'fast', perIdle: 0 };
    assert.equal(pool.takes('first', narrow), true);
    assert.equal(pool.takes('both', 'slow'), true);
    assert.equal(pool.lanes.enter([narrow], 'both'), undefined);
    assert.equal(pool.takes('next', narrow), false);
    pool.ends('first');
    assert.deepEqual(pool.woken, ['next']);
    assert.equal(pool.takes('next', narrow), true);
    pool.ends('both');
    assert.deepEqual(pool.woken, ['next']);
    assert.equal(pool.takes('last', narrow), false);
    pool.ends('next');
    assert.deepEqual(pool.woken, ['next', 'both']);
  });

  it('puts a key that lost its turn before those that had none', () => {
    const pool = new Pool(8);
    const narrow = { name: 'backend', perIdle: 0 };
    const gate = { name: 'namespace', perIdle: 0 };
    assert.equal(pool.takes('first', narrow), true);
    for (const record of ['a', 'b', 'c']) assert.equal(pool.takes(record, narrow), false);
    assert.equal(pool.takes('holder', gate), true);
    pool.ends('first');
    assert.deepEqual(pool.woken, ['a']);
    assert.equal(pool.takes('a', gate), false, 'its namespace has no room for it');
    assert.deepEqual(pool.woken, ['a', 'b'], 'the next one has the place meanwhile');
    assert.equal(pool.takes('b', narrow), true);
    pool.ends('holder');
    assert.deepEqual(pool.woken, ['a', 'b', 'a']);
    assert.equal(pool.takes('a', narrow), false);
    pool.ends('b');
    assert.deepEqual(pool.woken, ['a', 'b', 'a', 'a'], 'before c, which came after it');
  });

  it('keeps the turn of a key whose work failed for when it comes again, and of no other', () => {
    for (const comesAgain of [true, false]) {
      const pool = new Pool(8);
      const narrow = { name: 'backend', perIdle: 0 };
      assert.equal(pool.takes('first', narrow), true);
      for (const record of ['a', 'b', 'c']) pool.takes(record, narrow);
      pool.ends('first');
      pool.ends('a', comesAgain);
      assert.deepEqual(pool.woken, ['a', 'b']);
      assert.equal(pool.takes('b', narrow), true);
      pool.takes('a', narrow);
      pool.ends('b');
      assert.equal(pool.woken.at(-1), comesAgain ? 'a' : 'c');
    }
  });

  it('shares the places of a lane between those within it, by how many of them are free', () => {
    const pool = new Pool(24);
    const within = { name: 'backend', perIdle: 1 };
    const served = (team: string) =>
      records(team, 20).filter((record) => pool.takes(record, { name: team, perIdle: 1, within })).length;
    assert.equal(served('a'), 8);
    assert.equal(served('b'), 3);
    assert.equal(served('c'), 1);
    assert.equal(served('d'), 0, 'the backend has its share of the workers');
    assert.equal(pool.takes('other', 'another backend'), true);
  });

  it('wakes a record of each team in turn when a lane that they share has room again', () => {
    const pool = new Pool(3);
    const within = { name: 'backend', perIdle: 0 };
    const lane = (name: string) => ({ name, perIdle: 1, within });
    assert.equal(pool.takes('first', lane('a')), true);
    for (const record of records('a', 20)) assert.equal(pool.takes(record, lane('a')), false);
    for (const record of records('b', 2)) assert.equal(pool.takes(record, lane('b')), false);
    let [current = ''] = pool.inside;
    const served: string[] = [];
    for (let index = 0; index < 4; index += 1) {
      pool.ends(current);
      [current = ''] = pool.woken.splice(0);
      assert.equal(pool.takes(current, lane(current.charAt(0))), true);
      served.push(current);
    }
    assert.deepEqual(served, ['a-0', 'b-0', 'a-1', 'b-1']);
  });

  it('frees the place in a shared lane of a record that is removed after it was woken', () => {
    const pool = new Pool(3);
    const within = { name: 'backend', perIdle: 0 };
    const lane = (name: string) => ({ name, perIdle: 1, within });
    assert.equal(pool.takes('first', lane('a')), true);
    assert.equal(pool.takes('gone', lane('a')), false);
    assert.equal(pool.takes('other', lane('b')), false);
    pool.ends('first');
    assert.deepEqual(pool.woken, ['gone']);
    pool.lanes.remove('gone');
    assert.deepEqual(pool.woken, ['gone', 'other']);
    assert.equal(pool.takes('other', lane('b')), true);
  });

  it('counts a record once in a lane that all its work passes through', () => {
    const pool = new Pool(4);
    const first = pool.lanes.enter([{ name: 'namespace a', perIdle: 1 }], 'r');
    const second = pool.lanes.enter([{ name: 'namespace a', perIdle: 1 }], 'r');
    first?.();
    assert.equal(pool.takes('s', 'namespace a'), true);
    second?.();
    assert.equal(pool.takes('t', 'namespace a'), true);
  });

  it('always serves a record whose backend has no other, though all workers are busy', () => {
    const pool = new Pool(1);
    assert.equal(pool.takes('one', 'slow'), true);
    assert.equal(pool.takes('two', 'fast'), true);
  });

  it('has a namespace hold half of the workers of a controller at most, and looks at those that wait only when there is room', async () => {
    let looks = 0;
    const hanging: PromiseWithResolvers<Outcome>[] = [];
    const { queue, clock, ended } = tenants({
      workers: 16,
      onLook: () => {
        looks += 1;
      },
      work: () => {
        const call = Promise.withResolvers<Outcome>();
        hanging.push(call);
        return call.promise;
      },
    });
    const slow = records('slow/run', 100);
    for (const key of slow) queue.add(key);
    queue.add('other/run-0');
    await clock.settle();
    assert.equal(hanging.length, 8);
    assert.deepEqual(ended, ['other/run-0']);
    const before = looks;
    await clock.advance(60_000);
    assert.equal(looks, before);
    for (let left = slow.length; left > 0; left -= 1) {
      assert.equal(hanging.length, Math.min(8, left));
      hanging.shift()?.resolve({});
      await clock.settle();
    }
    assert.deepEqual(ended.toSorted(), ['other/run-0', ...slow].toSorted());
    assert.ok(looks <= 3 * slow.length, `${looks} looks`);
  });

  it('does not keep those that wait from ending when their controller stops', async () => {
    const gate = Promise.withResolvers<Outcome>();
    const { controller, queue, clock, ended } = tenants({ workers: 2, work: () => gate.promise });
    for (const key of records('slow/run', 3)) queue.add(key);
    await clock.settle();
    const stopped = controller.stop(10);
    gate.resolve({});
    assert.deepEqual(await stopped, []);
    assert.deepEqual(ended, ['slow/run-0']);
  });
});

interface TenantsOptions {
  readonly workers: number;
  readonly onLook?: () => void;
  readonly work: () => Promise<Outcome>;
}

/** A controller of keys `namespace/name` that gives each namespace its share; `work` is done for the namespace `slow` alone. */
function tenants({ workers, onLook, work }: TenantsOptions) {
  const clock = new ManualClock();
  const queue = new KeyedQueue({ clock, backoff: exponentialBackoff({ minMs: 100, maxMs: 1000 }) });
  const lanes = new WorkerLanes({
    idleWorkers: () => workers - queue.processing,
    wake: (key) => {
      queue.add(key);
    },
    isBusy: (key) => queue.isProcessing(key),
  });
  const ended: string[] = [];
  const reconcile = async (key: string): Promise<Outcome> => {
    onLook?.();
    const [namespace = ''] = key.split('/');
    const leave = lanes.enter([{ name: namespace, perIdle: 1 }], key);
    if (leave === undefined) return DEFERRED;
    const outcome = namespace === 'slow' ? await work() : {};
    leave();
    ended.push(key);
    return outcome;
  };
  const onResult = ({ key }: ReconcileResult): void => {
    lanes.ended(key);
  };
  const controller = new Controller({ name: 'run', concurrency: workers, reconcile, queue, clock, onResult });
  controller.start();
  return { controller, queue, clock, ended };
}
