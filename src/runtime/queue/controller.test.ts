// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exponentialBackoff } from './backoff.ts';
import { Controller, type ReconcileResult } from './controller.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { ManualClock } from '../manual-clock.fixture.ts';
import { DEFERRED, type Outcome } from './outcome.ts';
import { WaitingError } from './waiting-error.ts';

/** More reconciles than a machine has time for before a timer of some milliseconds. */
const ENOUGH = 10_000_000;

describe('the controller', () => {
  it('runs no more reconciles at once than it may, and never two of one key', async () => {
    const gates: PromiseWithResolvers<Outcome>[] = [];
    const active = new Map<string, number>();
    let most = 0;
    const { controller, clock } = setup(3, async (key) => {
      active.set(key, (active.get(key) ?? 0) + 1);
      assert.equal(active.get(key), 1, `${key} is reconciled twice at once`);
      most = Math.max(
        most,
        [...active.values()].reduce((sum, count) => sum + count, 0),
      );
      const gate = Promise.withResolvers<Outcome>();
      gates.push(gate);
      const outcome = await gate.promise;
      active.set(key, 0);
      return outcome;
    });
    for (let round = 0; round < 3; round += 1) {
      for (let index = 0; index < 5; index += 1) controller.queue.add(`key-${index}`);
      await clock.settle();
    }
    assert.equal(controller.active, 3);
    for (let left = 12; left > 0; left -= 1) {
      gates.shift()?.resolve({});
      await clock.settle();
    }
    assert.equal(most, 3);
    assert.equal(controller.active, 0);
  });

  const verdicts: readonly {
    readonly name: string;
    readonly run: () => Promise<Outcome>;
    readonly kind: ReconcileResult['kind'];
    readonly againAtMs: number | undefined;
  }[] = [
    { name: 'success waits for an event', run: () => Promise.resolve({}), kind: 'Succeeded', againAtMs: undefined },
    {
      name: 'success that asks to come again comes again',
      run: () => Promise.resolve({ requeueAfterSeconds: 60 }),
      kind: 'Succeeded',
      againAtMs: 60_000,
    },
    {
      name: 'a waiting one comes again at its time',
      run: () => Promise.reject(new WaitingError('WaitingForChildren', 'children run', 7)),
      kind: 'Waiting',
      againAtMs: 7_000,
    },
    {
      name: 'any other failure backs off',
      run: () => Promise.reject(new Error('boom')),
      kind: 'Failed',
      againAtMs: 100,
    },
  ];
  for (const { name, run, kind, againAtMs } of verdicts) {
    it(`decides by how a reconcile ends what follows: ${name}`, async () => {
      const times: number[] = [];
      const { controller, clock, results } = setup(1, () => {
        times.push(clock.monotonicMs());
        return times.length === 1 ? run() : Promise.resolve({});
      });
      controller.queue.add('a');
      await clock.settle();
      assert.equal(results[0]?.kind, kind);
      assert.equal(results[0].retryAfterMs, againAtMs);
      assert.equal(results[0].waitsAgain, againAtMs !== undefined);
      await clock.advance(600_000);
      assert.deepEqual(times, againAtMs === undefined ? [0] : [0, againAtMs]);
    });
  }

  it('counts failures in a row and forgets them after a success', async () => {
    let failing = true;
    const { controller, clock, results } = setup(1, () =>
      failing ? Promise.reject(new Error('boom')) : Promise.resolve({}),
    );
    controller.queue.add('a');
    await clock.advance(250);
    failing = false;
    await clock.advance(10_000);
    assert.deepEqual(
      results.map(({ kind, failures }) => `${kind} ${failures}`),
      ['Failed 1', 'Failed 2', 'Succeeded 0'],
    );
  });

  it('says that a key waits again when it was added during its reconcile', async () => {
    const gate = Promise.withResolvers<Outcome>();
    let runs = 0;
    const { controller, clock, results } = setup(1, () => {
      runs += 1;
      return runs === 1 ? gate.promise : Promise.resolve({});
    });
    controller.queue.add('a');
    await clock.settle();
    controller.queue.add('a');
    gate.resolve({});
    await clock.settle();
    assert.deepEqual(
      results.map(({ waitsAgain }) => waitsAgain),
      [true, false],
    );
  });

  it('neither forgets the failures of a key that there is no room for, nor tries it again by itself', async () => {
    const outcomes: (() => Promise<Outcome>)[] = [
      () => Promise.reject(new Error('boom')),
      () => Promise.resolve(DEFERRED),
      () => Promise.reject(new Error('boom')),
    ];
    const { controller, clock, results } = setup(1, () => outcomes.shift()?.() ?? Promise.resolve({}));
    controller.queue.add('a');
    await clock.advance(5_000);
    assert.equal(results.length, 2);
    controller.queue.add('a');
    await clock.advance(5_000);
    assert.deepEqual(
      results.map(({ kind, failures, retryAfterMs, waitsAgain }) => [kind, failures, retryAfterMs, waitsAgain]),
      [
        ['Failed', 1, 100, true],
        ['Succeeded', 1, undefined, true],
        ['Failed', 2, 200, true],
        ['Succeeded', 0, undefined, false],
      ],
    );
  });

  const circles: readonly { readonly name: string; readonly look: (key: string, queue: KeyedQueue) => Outcome }[] = [
    {
      name: 'deferred and added at once',
      look: (key, queue) => {
        queue.add(key);
        return DEFERRED;
      },
    },
    { name: 'requeued at once', look: () => ({ requeueAfterSeconds: 0 }) },
    {
      name: 'added by another key, which they add',
      look: (key, queue) => {
        queue.add(key === 'a' ? 'b' : 'a');
        return {};
      },
    },
  ];
  for (const { name, look } of circles) {
    it(`serves timers and sockets while keys come back without end: ${name}`, async () => {
      let looks = 0;
      const { controller } = setup(2, () => {
        looks += 1;
        return Promise.resolve(looks > ENOUGH ? {} : look(looks % 2 === 0 ? 'a' : 'b', controller.queue));
      });
      controller.queue.add('a');
      controller.queue.add('b');
      await new Promise((resolve) => setTimeout(resolve, 5));
      const looksBefore = looks;
      assert.ok(looksBefore > 0);
      assert.ok(looksBefore < ENOUGH, `the timer was served after ${looksBefore} looks`);
      await controller.stop(1);
    });
  }

  it('serves timers and sockets while many keys need no I/O', async () => {
    let looks = 0;
    const { controller } = setup(4, () => {
      looks += 1;
      return Promise.resolve({});
    });
    for (let index = 0; index < 10_000; index += 1) controller.queue.add(`key-${index}`);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(looks > 0 && looks < 1000, `${looks} looks`);
    await controller.stop(1);
  });

  it('survives a reconcile that throws before its first await', async () => {
    const { controller, clock, results } = setup(1, () => {
      throw new TypeError('defect');
    });
    controller.queue.add('a');
    await clock.settle();
    assert.equal(results[0]?.kind, 'Failed');
  });

  it('lets the reconcile under way finish when it stops, and starts no other', async () => {
    const gate = Promise.withResolvers<Outcome>();
    const began: string[] = [];
    const { controller, clock, results } = setup(1, (key, signal) => {
      began.push(key);
      return gate.promise.then((outcome) => {
        assert.equal(signal.aborted, false);
        return outcome;
      });
    });
    controller.queue.add('a');
    controller.queue.add('b');
    await clock.settle();
    const stopped = controller.stop(10);
    await clock.advance(5000);
    gate.resolve({});
    assert.deepEqual(await stopped, []);
    assert.deepEqual(began, ['a']);
    assert.equal(results[0]?.kind, 'Succeeded');
    assert.equal(clock.sleeping, 0);
  });

  it('aborts what outlasts the grace period and names it', async () => {
    let aborted = false;
    const { controller, clock } = setup(2, (key, signal) => {
      if (key === 'quick') return Promise.resolve({});
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted = true;
          reject(new Error('cut short'));
        });
      });
    });
    controller.queue.add('slow');
    controller.queue.add('quick');
    await clock.settle();
    const stopped = controller.stop(10);
    await clock.advance(9_999);
    assert.equal(aborted, false);
    await clock.advance(1);
    assert.deepEqual(await stopped, ['slow']);
    assert.equal(aborted, true);
  });

  it('aborts the reconciles of some keys, and says when they have ended', async () => {
    const ended: string[] = [];
    const { controller, clock, queue } = setup(2, async (key, signal) => {
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve);
      });
      ended.push(key);
      return {};
    });
    for (const key of ['mine', 'other']) controller.queue.add(key);
    await clock.settle();
    const isMine = (key: string): boolean => key === 'mine';
    let isOver = false;
    void controller.until(() => !queue.isProcessingAny(isMine)).then(() => (isOver = true));
    await clock.settle();
    assert.equal(isOver, false);
    controller.abort(isMine, 'not mine any more');
    await clock.settle();
    assert.deepEqual([ended, isOver, controller.active], [['mine'], true, 1]);
  });

  it('does not begin a key that is refused after it was handed out', async () => {
    const clock = new ManualClock();
    const backoff = exponentialBackoff({ minMs: 100, maxMs: 1000, jitter: 0 });
    let isMine = true;
    const queue = new KeyedQueue({ clock, backoff, admits: () => isMine });
    const begun: string[] = [];
    const reconcile = (key: string): Promise<Outcome> => Promise.resolve(begun.push(key)).then(() => ({}));
    new Controller({ name: 'test', concurrency: 1, queue, clock, reconcile }).start();
    await clock.settle();
    queue.add('lost');
    assert.equal(queue.isProcessing('lost'), true);
    isMine = false;
    await clock.settle();
    assert.deepEqual([begun, queue.has('lost')], [[], false]);
  });

  it('knows how long the oldest reconcile has been running', async () => {
    const { controller, clock } = setup(2, () => Promise.withResolvers<Outcome>().promise);
    assert.equal(controller.longestRunningMs, 0);
    controller.queue.add('a');
    await clock.advance(400);
    controller.queue.add('b');
    await clock.advance(100);
    assert.equal(controller.longestRunningMs, 500);
  });
});

function setup(concurrency: number, reconcile: (key: string, signal: AbortSignal) => Promise<Outcome>) {
  const clock = new ManualClock();
  const backoff = exponentialBackoff({ minMs: 100, maxMs: 1000, jitter: 0 });
  const queue = new KeyedQueue({ clock, backoff });
  const results: ReconcileResult[] = [];
  const onResult = (result: ReconcileResult): void => void results.push(result);
  const controller = new Controller({ name: 'test', concurrency, queue, clock, reconcile, onResult });
  controller.start();
  return { clock, controller, queue, results };
}
