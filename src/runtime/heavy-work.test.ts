// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HeavyWork } from './heavy-work.ts';

describe('heavy work', () => {
  it('is done one piece in a turn of the event loop, so that others are served in between', async () => {
    const heavy = new HeavyWork();
    const events: string[] = [];
    const serve = (): void => {
      events.push('served');
      if (events.filter((event) => event !== 'served').length < 3) setImmediate(serve);
    };
    const pieces = [1, 2, 3].map((piece) => heavy.result('a', () => events.push(`piece ${piece}`)));
    setImmediate(serve);
    await Promise.all(pieces);
    for (const piece of [1, 2]) {
      const after = events.indexOf(`piece ${piece}`) + 1;
      assert.equal(events[after], 'served', events.join());
    }
  });

  it('of one tenant delays another by one piece, however much waits', async () => {
    const heavy = new HeavyWork();
    const done: string[] = [];
    const crowd = [1, 2, 3, 4].map((piece) => heavy.result('a', () => done.push(`a${piece}`)));
    await Promise.all([...crowd, heavy.result('b', () => done.push('b1'))]);
    assert.deepEqual(done.slice(0, 2), ['a1', 'b1']);
  });

  it('of many steps lets another tenant in between them', async () => {
    const heavy = new HeavyWork();
    const done: string[] = [];
    const steps = function* (): Generator<undefined, string, undefined> {
      for (const step of [1, 2, 3]) {
        done.push(`a${step}`);
        yield;
      }
      return 'all';
    };
    const [all] = await Promise.all([heavy.inPieces('a', steps(), 0), heavy.result('b', () => done.push('b1'))]);
    assert.deepEqual([all, done], ['all', ['a1', 'b1', 'a2', 'a3']]);
  });

  it('of many steps does as many in a piece as fit into its time, and fails as a step does', async () => {
    const heavy = new HeavyWork();
    const done: string[] = [];
    const steps = function* (): Generator<undefined, never, undefined> {
      for (const step of [1, 2, 3]) {
        done.push(`a${step}`);
        yield;
      }
      throw new Error('no');
    };
    const failing = assert.rejects(heavy.inPieces('a', steps(), 60_000), /no/);
    await Promise.all([failing, heavy.result('b', () => done.push('b1'))]);
    assert.deepEqual(done, ['a1', 'a2', 'a3', 'b1']);
  });

  it('fails as its piece does, and goes on', async () => {
    const heavy = new HeavyWork();
    const failing = heavy.result('a', () => {
      throw new Error('no');
    });
    await assert.rejects(failing, /no/);
    assert.equal(await heavy.result('a', () => Promise.resolve('next')), 'next');
  });
});
