// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WaitingError } from '../../runtime/queue/waiting-error.ts';
import { ChildRoom } from './child-room.ts';

describe('the room for children', () => {
  const full = (error: unknown): boolean => error instanceof WaitingError && /namespace team-/.test(error.message);

  it('is limited for one namespace, and for all together', () => {
    const room = new ChildRoom({ total: 100, perTenant: 60, assured: 0 });
    const [a, b] = [room.enter('team-a'), room.enter('team-b')];
    a.take(60);
    assert.throws(() => {
      a.take(1);
    }, full);
    assert.throws(() => {
      b.take(41);
    }, full);
    b.take(40);
    a.give(20);
    b.take(20);
    assert.equal(room.usedBytes, 100);
    a.leave();
    assert.equal(room.usedBytes, 60);
    b.leave();
    assert.equal(room.usedBytes, 0);
  });

  it('leaves each namespace a little, whatever others take', () => {
    const room = new ChildRoom({ total: 100, perTenant: 100, assured: 10 });
    room.enter('team-a').take(100);
    const b = room.enter('team-b');
    b.take(10);
    assert.throws(() => {
      b.take(1);
    }, full);
  });
});
