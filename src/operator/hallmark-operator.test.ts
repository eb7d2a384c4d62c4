// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { beforeEach, describe, it } from 'node:test';
import { HallmarkOperator } from './hallmark-operator.ts';
import { exponentialBackoff } from '../runtime/queue/backoff.ts';
import { Controller } from '../runtime/queue/controller.ts';
import { KeyedQueue } from '../runtime/queue/keyed-queue.ts';
import { ManualClock } from '../runtime/manual-clock.fixture.ts';
import { DONE } from '../runtime/queue/outcome.ts';
import { createLogger } from '../telemetry/log.ts';

const GRACE_SECONDS = 20;
const ABORTED_SECONDS = 15;

describe('an operator that stops', () => {
  let clock: ManualClock;
  let operator: HallmarkOperator;
  let order: string[];
  let work: PromiseWithResolvers<undefined>;
  beforeEach(async () => {
    clock = new ManualClock();
    order = [];
    work = Promise.withResolvers<undefined>();
    operator = new HallmarkOperator({
      logger: createLogger({ level: 'error', stream: new PassThrough() }),
      init: () => Promise.resolve(),
      shutdownGraceSeconds: GRACE_SECONDS,
      abortedSeconds: ABORTED_SECONDS,
    });
    operator.releaseWhenIdle('lease', () => Promise.resolve(void order.push('lease')));
    operator.releaseAtEnd('events', () => Promise.resolve(void order.push('events')));
    const queue = new KeyedQueue({ clock, backoff: exponentialBackoff({ minMs: 1000, maxMs: 1000 }) });
    const reconcile = async (_key: string, signal: AbortSignal): Promise<typeof DONE> => {
      signal.addEventListener('abort', () => order.push('aborted'));
      await work.promise;
      order.push('work ended');
      return DONE;
    };
    operator.run(new Controller({ name: 'slow', concurrency: 4, reconcile, queue, clock }));
    queue.add('team-a/slow');
    await clock.settle();
  });

  it('gives the Lease up only after the work that it aborted has ended', async () => {
    const stopped = operator.shutDown();
    await clock.advance(GRACE_SECONDS * 1000);
    assert.deepEqual(order, ['aborted']);
    work.resolve(undefined);
    await stopped;
    assert.deepEqual(order, ['aborted', 'work ended', 'events', 'lease']);
  });

  it('keeps the Lease when the work outlasts its abort, so that no other replica begins before the process has ended', async () => {
    const stopped = operator.shutDown();
    await clock.advance((GRACE_SECONDS + ABORTED_SECONDS) * 1000);
    await stopped;
    assert.deepEqual(order, ['aborted', 'events']);
  });

  it('aborts at once when the Lease is lost', async () => {
    const stopped = operator.shutDown({ graceSeconds: 0, abortedSeconds: 5 });
    await clock.advance(0);
    assert.deepEqual(order, ['aborted']);
    work.resolve(undefined);
    await stopped;
    assert.deepEqual(order, ['aborted', 'work ended', 'events', 'lease']);
  });
});
