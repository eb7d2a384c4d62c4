// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exponentialBackoff } from './backoff.ts';
import { KeyedQueue, type QueueObserver } from './keyed-queue.ts';
import { ManualClock } from '../manual-clock.fixture.ts';

describe('the keyed queue', () => {
  it('hands out keys in the order they were added', async () => {
    const { queue } = setup();
    for (const key of ['a', 'b', 'c']) queue.add(key);
    assert.deepEqual([await queue.take(), await queue.take(), await queue.take()], ['a', 'b', 'c']);
  });

  it('holds a key once however often it is added', async () => {
    const { queue } = setup();
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
    assert.equal(queue.depth, 2);
    assert.equal(await queue.take(), 'a');
    assert.equal(await queue.take(), 'b');
    assert.equal(queue.depth, 0);
  });

  it('gives a key that is added to a worker who waits already', async () => {
    const { queue } = setup();
    const taken = queue.take();
    queue.add('a');
    assert.equal(await taken, 'a');
  });

  it('never hands out a key that is being worked on, and hands it out again when it was added meanwhile', async () => {
    const { queue, clock } = setup();
    queue.add('a');
    await queue.take();
    queue.add('a');
    queue.add('a');
    const second = watch(queue.take());
    await clock.settle();
    assert.equal(second.settled, false);
    assert.equal(queue.done('a'), true);
    await clock.settle();
    assert.equal(second.value, 'a');
    assert.equal(queue.done('a'), false);
    assert.equal(queue.has('a'), false);
  });

  it('hands out a delayed key when it is due and not before', async () => {
    const { queue, clock } = setup();
    queue.addAfter('a', 1000);
    const taken = watch(queue.take());
    await clock.advance(999);
    assert.equal(taken.settled, false);
    await clock.advance(1);
    assert.equal(taken.value, 'a');
  });

  const delays: readonly { readonly name: string; readonly delays: readonly number[]; readonly dueMs: number }[] = [
    { name: 'a later time does not put it off', delays: [1000, 5000], dueMs: 1000 },
    { name: 'an earlier time brings it forward', delays: [5000, 1000], dueMs: 1000 },
    { name: 'no delay makes it due at once', delays: [5000, 0], dueMs: 0 },
    { name: 'the earliest of many counts', delays: [5000, 300, 4000, 200, 900], dueMs: 200 },
  ];
  for (const { name, delays: given, dueMs } of delays) {
    it(`keeps the earliest time of a delayed key: ${name}`, async () => {
      const { queue, clock } = setup();
      const times: number[] = [];
      for (const delay of given) queue.addAfter('a', delay);
      const worker = (async () => {
        for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
          times.push(clock.monotonicMs());
          queue.done(key);
        }
      })();
      await clock.advance(10_000);
      assert.deepEqual(times, [dueMs]);
      queue.close();
      await worker;
    });
  }

  it('takes a delayed key out of its delay when it is added, so that it is not handed out twice', async () => {
    const { queue, clock } = setup();
    queue.addAfter('a', 1000);
    queue.add('a');
    assert.equal(await queue.take(), 'a');
    assert.equal(queue.done('a'), false);
    const again = watch(queue.take());
    await clock.advance(5000);
    assert.equal(again.settled, false);
  });

  it('hands out delayed keys in the order they are due', async () => {
    const { queue, clock } = setup();
    const order: (string | undefined)[] = [];
    for (const [key, delay] of [
      ['late', 300],
      ['early', 100],
      ['middle', 200],
    ] as const)
      queue.addAfter(key, delay);
    await clock.advance(1000);
    for (let left = 3; left > 0; left -= 1) order.push(await queue.take());
    assert.deepEqual(order, ['early', 'middle', 'late']);
  });

  it('waits longer after each failure in a row, up to the cap, and starts again once forgotten', () => {
    const { queue } = setup();
    const waits = Array.from({ length: 6 }, () => queue.addAfterFailure('a'));
    assert.deepEqual(waits, [100, 200, 400, 800, 1000, 1000]);
    queue.forget('a');
    assert.equal(queue.addAfterFailure('a'), 100);
    assert.equal(queue.failures('a'), 1);
  });

  it('backs each key off on its own', () => {
    const { queue } = setup();
    queue.addAfterFailure('a');
    queue.addAfterFailure('a');
    assert.equal(queue.addAfterFailure('b'), 100);
  });

  it('sleeps once for all delayed keys and not at all when none is delayed', async () => {
    const { queue, clock } = setup();
    for (let index = 0; index < 100; index += 1) queue.addAfter(`key-${index}`, 1000 + index);
    await clock.settle();
    assert.equal(clock.sleeping, 1);
    await clock.advance(5000);
    assert.equal(clock.sleeping, 0);
    assert.equal(queue.depth, 100);
  });

  it('lets waiting workers go when it is closed and hands out nothing more', async () => {
    const { queue, clock } = setup();
    const taken = queue.take();
    queue.addAfter('later', 10);
    queue.close();
    assert.equal(await taken, undefined);
    queue.add('a');
    assert.equal(await queue.take(), undefined);
    await clock.advance(1000);
    assert.equal(clock.sleeping, 0);
  });

  it('hands out idle keys behind all others, and a few of them while others keep coming', async () => {
    const { queue } = setup();
    for (let index = 0; index < 100; index += 1) queue.addIdle(`idle-${index}`);
    queue.add('new');
    assert.equal(queue.depth, 101);
    assert.equal(await queue.take(), 'new');
    const taken: string[] = [];
    for (let index = 0; index < 64; index += 1) {
      queue.add(`busy-${index}`);
      taken.push((await queue.take()) ?? '');
    }
    assert.deepEqual(
      taken.filter((key) => key.startsWith('idle')),
      ['idle-0', 'idle-1', 'idle-2', 'idle-3'],
    );
    assert.equal(queue.has('idle-4'), true);
  });

  it('moves an idle key up when it is added, and leaves a waiting one alone when it is added as idle', async () => {
    const { queue } = setup();
    for (const key of ['a', 'b']) queue.addIdle(key);
    queue.add('c');
    queue.addIdle('c');
    queue.add('b');
    assert.equal(queue.depth, 3);
    assert.deepEqual([await queue.take(), await queue.take(), await queue.take()], ['c', 'b', 'a']);
  });

  it('keeps what was asked of a key that is being worked on, idle or not', async () => {
    for (const [adds, order] of [
      [['idle'], ['other', 'a']],
      [
        ['idle', 'now'],
        ['a', 'other'],
      ],
      [
        ['now', 'idle'],
        ['a', 'other'],
      ],
    ] as const) {
      const { queue } = setup();
      queue.add('a');
      await queue.take();
      for (const add of adds) {
        if (add === 'idle') queue.addIdle('a');
        else queue.add('a');
      }
      assert.equal(queue.done('a'), true);
      queue.add('other');
      assert.deepEqual([await queue.take(), await queue.take()], order);
    }
  });

  it('lets a delayed idle key wait behind others when it is due, unless an event wants it too', async () => {
    const { queue, clock } = setup();
    queue.addIdleAfter('idle', 1000);
    queue.addIdleAfter('wanted', 1000);
    queue.addAfter('wanted', 2000);
    await clock.advance(1000);
    queue.add('new');
    assert.deepEqual([await queue.take(), await queue.take(), await queue.take()], ['wanted', 'new', 'idle']);
  });

  it('does not put off a delayed key that is added as idle', async () => {
    const { queue, clock } = setup();
    queue.addAfter('a', 1000);
    queue.addIdle('b');
    queue.addIdle('a');
    await clock.advance(1000);
    assert.equal(await queue.take(), 'a');
  });

  it('forgets a removed key wherever it waits', async () => {
    const { queue, clock } = setup();
    queue.add('worked-on');
    await queue.take();
    for (const key of ['worked-on', 'ready']) queue.add(key);
    queue.addIdle('idle');
    queue.addAfter('delayed', 1000);
    queue.addIdleAfter('delayed-idle', 1000);
    queue.addAfterFailure('failed');
    for (const key of ['worked-on', 'ready', 'idle', 'delayed', 'delayed-idle', 'failed']) queue.remove(key);
    assert.equal(queue.failures('failed'), 0);
    assert.equal(queue.done('worked-on'), false);
    await clock.advance(10_000);
    assert.deepEqual([queue.depth, queue.delayed, queue.processing], [0, 0, 0]);
  });

  it('reports adds, waits and retries to its observer', async () => {
    const calls: string[] = [];
    const { queue, clock } = setup({
      added: () => calls.push('added'),
      taken: (waitedMs) => calls.push(`taken after ${waitedMs}`),
      retried: () => calls.push('retried'),
    });
    queue.add('a');
    queue.add('a');
    await clock.advance(250);
    await queue.take();
    queue.addAfterFailure('a');
    assert.deepEqual(calls, ['added', 'taken after 250', 'retried']);
  });

  it('adds no key that it does not admit, in any way', async () => {
    const clock = new ManualClock();
    const backoff = exponentialBackoff({ minMs: 100, maxMs: 1000, jitter: 0 });
    let isAdmitted = true;
    const queue = new KeyedQueue({ clock, backoff, admits: (key) => key !== 'other' || isAdmitted });
    queue.add('other');
    assert.equal(await queue.take(), 'other');
    isAdmitted = false;
    queue.add('other');
    queue.addIdle('other');
    queue.addAfter('other', 10);
    queue.addIdleAfter('other', 10);
    assert.equal(queue.addAfterFailure('other'), 100);
    assert.deepEqual([queue.done('other'), queue.has('other'), queue.failures('other')], [false, false, 0]);
  });

  it('removes all waiting keys of some kind, and knows whether there are any', async () => {
    const { queue } = setup();
    queue.add('a/ready');
    queue.addIdle('a/idle');
    queue.addAfter('a/later', 1000);
    queue.add('b/ready');
    assert.equal(await queue.take(), 'a/ready');
    queue.add('a/ready');
    const isOfA = (key: string): boolean => key.startsWith('a/');
    queue.removeAll(isOfA);
    assert.deepEqual([queue.some(isOfA), queue.depth, queue.delayed], [true, 1, 0]);
    assert.deepEqual([queue.done('a/ready'), queue.some(isOfA), queue.has('b/ready')], [false, false, true]);
  });
});

function setup(observer?: QueueObserver): { queue: KeyedQueue; clock: ManualClock } {
  const clock = new ManualClock();
  const backoff = exponentialBackoff({ minMs: 100, maxMs: 1000, jitter: 0 });
  return { clock, queue: new KeyedQueue({ clock, backoff, ...(observer === undefined ? {} : { observer }) }) };
}

function watch<T>(promise: Promise<T>): { settled: boolean; value: T | undefined } {
  const seen: { settled: boolean; value: T | undefined } = { settled: false, value: undefined };
  promise.then(
    (value) => {
      seen.settled = true;
      seen.value = value;
    },
    () => undefined,
  );
  return seen;
}
