// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TurnLine } from './turn-line.ts';

function line(perTenant = 10) {
  const turns = new TurnLine({ perTenant });
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

  const most = async (turns: TurnLine): Promise<number> => {
    let open = 0;
    let mostOpen = 0;
    for (const tenant of ['a', 'b', 'c', 'a', 'b', 'c']) {
      turns.add(tenant, async () => {
        open += 1;
        mostOpen = Math.max(mostOpen, open);
        await new Promise(setImmediate);
        open -= 1;
      });
    }
    await turns.idle();
    return mostOpen;
  };

  it('does one piece at a time, or as many as it is told', async () => {
    assert.equal(await most(new TurnLine()), 1);
    assert.equal(await most(new TurnLine({ atOnce: 2 })), 2);
  });

  it('gives one tenant one place alone, so that work of it that hangs delays no other', async () => {
    const turns = new TurnLine({ atOnce: 2 });
    const hanging = Promise.withResolvers<undefined>();
    const crowd = ['a1', 'a2', 'a3'].map((piece) => turns.result('a', () => hanging.promise.then(() => piece)));
    const others = ['b', 'c', 'b', 'c'].map((tenant) => turns.result(tenant, () => Promise.resolve(tenant)));
    assert.deepEqual(await Promise.all(others), ['b', 'c', 'b', 'c']);
    assert.equal(await turns.result('b', () => Promise.resolve('later')), 'later');
    hanging.resolve(undefined);
    assert.deepEqual(await Promise.all(crowd), ['a1', 'a2', 'a3']);
    await turns.idle();
  });

  it('goes on with what is added as the last piece ends', async () => {
    const turns = new TurnLine({ atOnce: 2 });
    const results: string[] = [];
    const again = async (left: number): Promise<void> => {
      results.push(await turns.result('a', () => Promise.resolve(`a${left}`)));
      if (left > 0) await again(left - 1);
    };
    await again(3);
    assert.deepEqual(results, ['a3', 'a2', 'a1', 'a0']);
  });

  it('gives the result of a piece, and its failure', async () => {
    const turns = new TurnLine({ perTenant: 1 });
    const failing = turns.result('a', () => Promise.reject(new Error('refused')));
    await assert.rejects(
      turns.result('a', () => Promise.resolve(1)),
      /the place in line is full/,
    );
    await assert.rejects(failing, /refused/);
    assert.equal(await turns.result('a', () => Promise.resolve(1)), 1);
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
