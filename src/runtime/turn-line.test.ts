// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TurnLine } from './turn-line.ts';

function line(perTenant = 10) {
  const turns = new TurnLine(perTenant);
  const done: string[] = [];
  const add = (tenant: string, piece: string): boolean =>
    turns.add(tenant, async () => {
      await Promise.resolve();
      done.push(piece);
    });
  return { turns, done, add };
}

describe('a line of turns', () => {
  it('serves tenants in turns, and the work of each in order', async () => {
    const { turns, done, add } = line();
    for (const piece of ['a1', 'a2', 'a3']) add('a', piece);
    for (const piece of ['b1', 'b2']) add('b', piece);
    await turns.idle();
    assert.deepEqual(done, ['a1', 'b1', 'a2', 'b2', 'a3']);
  });

  it('does one piece at a time', async () => {
    const turns = new TurnLine(10);
    let open = 0;
    let most = 0;
    for (const tenant of ['a', 'b', 'c']) {
      turns.add(tenant, async () => {
        open += 1;
        most = Math.max(most, open);
        await new Promise(setImmediate);
        open -= 1;
      });
    }
    await turns.idle();
    assert.equal(most, 1);
  });

  it('refuses what a tenant adds past its place, and nothing of another', async () => {
    const { turns, done, add } = line(2);
    assert.deepEqual([add('a', 'a1'), add('a', 'a2'), add('a', 'a3'), add('b', 'b1')], [true, true, false, true]);
    await turns.idle();
    assert.equal(add('a', 'a4'), true);
    await turns.idle();
    assert.deepEqual(done, ['a1', 'b1', 'a2', 'a4']);
  });
});
