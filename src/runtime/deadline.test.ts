// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { Deadline, outlasts, withinDeadline } from './deadline.ts';
import { ManualClock } from './manual-clock.fixture.ts';

const never = new AbortController().signal;
const overdue = (): Error => new Error('too late');
const endless = (): Promise<never> => Promise.withResolvers<never>().promise;

describe('a deadline', () => {
  it('aborts when its time is over, unless the work has ended or may take any time', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const [late, ended, disarmed] = [new Deadline(10), new Deadline(10), new Deadline(10, never)];
    ended.end();
    disarmed.disarm();
    t.mock.timers.tick(10);
    assert.deepEqual(
      [late, ended, disarmed].map(({ signal, isOver }) => [signal.aborted, isOver]),
      [[true, true], ...[ended, disarmed].map(() => [false, false])],
    );
    assert.match(String(late.signal.reason), /no answer within 10 ms/);
  });

  it('aborts with the reason of its caller, before and during the work, and asks no more afterwards', () => {
    const caller = new AbortController();
    const [first, second] = [new Deadline(60_000, caller.signal), new Deadline(60_000, caller.signal)];
    second.end();
    caller.abort(new Error('given up'));
    const late = new Deadline(60_000, caller.signal);
    assert.deepEqual(
      [first, second, late].map(({ signal, isOver }) => [String(signal.reason), isOver]),
      [
        ['Error: given up', false],
        ['undefined', false],
        ['Error: given up', false],
      ],
    );
    assert.deepEqual(getEventListeners(caller.signal, 'abort'), []);
  });
});

describe('withinDeadline', () => {
  it('leaves nothing behind in the signal of its caller', async () => {
    const { signal } = new AbortController();
    await withinDeadline({ signal, timeoutMs: 60_000, overdue }, () => Promise.resolve());
    await assert.rejects(withinDeadline({ signal, timeoutMs: 1, overdue }, endless), /too late/);
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
  });

  it('returns the result of work that is in time', async () => {
    const work = (): Promise<number> => Promise.resolve(5);
    assert.equal(await withinDeadline({ signal: never, timeoutMs: 60_000, overdue }, work), 5);
  });

  it('ends work that ignores its signal with the error of the caller', async () => {
    await assert.rejects(withinDeadline({ signal: never, timeoutMs: 1, overdue }, endless), /too late/);
  });

  it('passes a failure in time through', async () => {
    const work = (): Promise<never> => Promise.reject(new Error('refused'));
    await assert.rejects(withinDeadline({ signal: never, timeoutMs: 60_000, overdue }, work), /refused/);
  });

  it('rejects with the reason of the caller who aborts, before and during the work', async () => {
    const abort = new AbortController();
    const pending = withinDeadline({ signal: abort.signal, timeoutMs: 60_000, overdue }, endless);
    abort.abort(new Error('given up'));
    await assert.rejects(pending, /given up/);
    await assert.rejects(withinDeadline({ signal: abort.signal, timeoutMs: 1, overdue }, endless), /given up/);
  });
});

describe('outlasts', () => {
  it('tells work that settles in time, also by a failure, from work that goes on', async () => {
    const clock = new ManualClock();
    assert.equal(await outlasts(Promise.reject(new Error('failed')), 1000, clock), false);
    const slow = outlasts(endless(), 1000, clock);
    await clock.advance(1000);
    assert.equal(await slow, true);
  });
});
