// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KeyedLock } from './keyed-lock.ts';

const never = new AbortController().signal;

describe('KeyedLock', () => {
  it('runs the work of one key in order, one at a time, even after a failure', async () => {
    const lock = new KeyedLock();
    const seen: string[] = [];
    const gate = Promise.withResolvers<undefined>();
    const first = lock.run('k', never, async () => {
      seen.push('first in');
      await gate.promise;
      seen.push('first out');
      throw new Error('first failed');
    });
    const second = lock.run('k', never, () => Promise.resolve(seen.push('second')));
    const third = lock.run('k', never, () => Promise.resolve(seen.push('third')));
    await Promise.resolve();
    gate.resolve(undefined);
    await assert.rejects(first, /first failed/);
    await Promise.all([second, third]);
    assert.deepEqual(seen, ['first in', 'first out', 'second', 'third']);
  });

  it('does not make one key wait for another', async () => {
    const lock = new KeyedLock();
    const gate = Promise.withResolvers<undefined>();
    const held = lock.run('a', never, () => gate.promise);
    assert.equal(await lock.run('b', never, () => Promise.resolve(7)), 7);
    gate.resolve(undefined);
    await held;
  });

  it('lets an aborted waiter go, and keeps the others in order', async () => {
    const lock = new KeyedLock();
    const gate = Promise.withResolvers<undefined>();
    const controller = new AbortController();
    const held = lock.run('k', never, () => gate.promise);
    let ran = false;
    const waiting = lock.run('k', controller.signal, () => {
      ran = true;
      return Promise.resolve();
    });
    const after = lock.run('k', never, () => Promise.resolve('after'));
    const reason = new Error('stop');
    controller.abort(reason);
    await assert.rejects(waiting, reason);
    assert.equal(ran, false);
    gate.resolve(undefined);
    await held;
    assert.equal(await after, 'after');
  });
});
