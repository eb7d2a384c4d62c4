// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { NameLookups } from './name-lookups.ts';
import type { NameResolver, ResolvedName } from './name-resolver.ts';

const answer = (address: string, ttlSeconds = 60): ResolvedName => ({
  addresses: [{ address, family: 4 }],
  ttlSeconds,
});

/** A resolver whose `slow-…` names never answer by themselves. */
class Resolver implements NameResolver {
  readonly asked: string[] = [];
  /** True when an abort ends a look-up, as with c-ares; a thread that waits in getaddrinfo ends when it likes. */
  isAbortable = true;
  answers: (name: string) => ResolvedName | Error = () => answer('192.0.2.1');
  readonly #slow = new Map<string, PromiseWithResolvers<ResolvedName>>();

  /** Look-ups that have not ended. */
  get underway(): number {
    return this.#slow.size;
  }

  resolve(name: string, signal: AbortSignal): Promise<ResolvedName> {
    this.asked.push(name);
    if (!name.startsWith('slow-')) {
      const given = this.answers(name);
      return given instanceof Error ? Promise.reject(given) : Promise.resolve(given);
    }
    const pending = Promise.withResolvers<ResolvedName>();
    assert.ok(!this.#slow.has(name), `${name} is asked for twice at a time`);
    this.#slow.set(name, pending);
    signal.addEventListener('abort', () => {
      if (this.isAbortable && this.#slow.delete(name)) pending.reject(new Error('cancelled'));
    });
    return pending.promise;
  }

  answer(name: string): void {
    this.#slow.get(name)?.resolve(answer('192.0.2.9'));
    this.#slow.delete(name);
  }
}

class Bed {
  readonly clock = new ManualClock();
  readonly resolver = new Resolver();
  readonly lookups = new NameLookups({ resolver: this.resolver, clock: this.clock });

  async ask(name: string, share = 'honest', signal?: AbortSignal): Promise<string> {
    const found = await this.lookups.lookup(name, { share, ...(signal === undefined ? {} : { signal }) });
    return found.map(({ address }) => address).join(' ');
  }

  /** Asks for many names that do not answer. @returns how the look-ups end, and how many have */
  flood(share: string, count: number): { ended: Promise<PromiseSettledResult<string>[]>; settled: () => number } {
    let settled = 0;
    const all = Array.from({ length: count }, async (_, index) => {
      try {
        return await this.ask(`slow-${index}.${share}.example`, share);
      } finally {
        settled += 1;
      }
    });
    return { ended: Promise.allSettled(all), settled: () => settled };
  }
}

describe('NameLookups', () => {
  it("answers an honest tenant at once, whatever many tenants' names wait", async () => {
    const bed = new Bed();
    for (let tenant = 0; tenant < 40; tenant += 1) bed.flood(`hostile-${tenant}`, 50);
    await bed.clock.settle();
    // No time passes: nothing of the others has ended.
    for (let index = 0; index < 20; index += 1) assert.equal(await bed.ask(`registry-${index}.example`), '192.0.2.1');
    // Each of the forty has a place of its own, beyond the 64 in all.
    assert.ok(bed.resolver.underway <= 64 + 40, String(bed.resolver.underway));
  });

  it('answers an honest tenant at once where an abort does not end a look-up', async () => {
    const bed = new Bed();
    bed.resolver.isAbortable = false;
    for (let tenant = 0; tenant < 40; tenant += 1) bed.flood(`hostile-${tenant}`, 50);
    await bed.clock.advance(60_000);
    assert.ok(bed.resolver.underway <= 64 + 40, String(bed.resolver.underway));
    assert.equal(await bed.ask('registry.example'), '192.0.2.1');
  });

  it('leaves half of the places to the others, and half of the rest to the next', async () => {
    const bed = new Bed();
    const counts: number[] = [];
    for (const share of ['a', 'b', 'c']) {
      const before = bed.resolver.underway;
      bed.flood(share, 100);
      await bed.clock.settle();
      counts.push(bed.resolver.underway - before);
    }
    assert.deepEqual(counts, [32, 16, 8]);
  });

  it('gives what becomes free to those that hold less', async () => {
    const bed = new Bed();
    bed.flood('a', 100);
    bed.flood('b', 100);
    await bed.clock.settle();
    for (let index = 0; index < 31; index += 1) bed.resolver.answer(`slow-${index}.a.example`);
    await bed.clock.settle();
    const asked = (share: string): number => bed.resolver.asked.filter((name) => name.includes(`.${share}.`)).length;
    const held = [asked('a') - 31, asked('b')];
    assert.ok(
      held.every((count) => count === 21 || count === 22),
      held.join(' '),
    );
  });

  it('ends what does not answer after five seconds, in turn or not', async () => {
    const bed = new Bed();
    const { settled, ended } = bed.flood('a', 200);
    await bed.clock.advance(4_999);
    assert.equal(settled(), 0);
    await bed.clock.advance(1);
    assert.equal(settled(), 200);
    for (const result of await ended)
      assert.ok(result.status === 'rejected' && String(result.reason).includes('was not resolved in time'));
    await bed.clock.advance(5_000);
    assert.equal(bed.resolver.underway, 0);
    assert.equal(bed.clock.sleeping, 0);
  });

  it('asks for a name once at a time, and no second time while a look-up cannot be ended', async () => {
    const bed = new Bed();
    bed.resolver.isAbortable = false;
    const both = Promise.allSettled([bed.ask('slow-x.example', 'a'), bed.ask('SLOW-X.example', 'b')]);
    await bed.clock.advance(5_000);
    assert.deepEqual(
      (await both).map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    await bed.clock.advance(60_000);
    await assert.rejects(bed.ask('slow-x.example'), { code: 'ETIMEOUT' });
    assert.deepEqual(bed.resolver.asked, ['slow-x.example']);
    // A late answer still counts.
    bed.resolver.answer('slow-x.example');
    await bed.clock.settle();
    assert.equal(await bed.ask('slow-x.example'), '192.0.2.9');
  });

  it('joins no queue of another tenant for the same name', async () => {
    const bed = new Bed();
    bed.flood('hostile', 100);
    const queued = bed.ask('registry.example', 'hostile').catch(() => 'late');
    await bed.clock.settle();
    assert.equal(await bed.ask('registry.example', 'honest'), '192.0.2.1');
    await bed.clock.advance(5_000);
    assert.equal(await queued, 'late');
  });

  it('keeps an answer for as long as it says, and no longer than 30 seconds', async () => {
    for (const [ttlSeconds, heldMs] of [
      [3, 3_000],
      [3_600, 30_000],
    ] as const) {
      const bed = new Bed();
      bed.resolver.answers = () => answer('192.0.2.1', ttlSeconds);
      await bed.ask('a.example', 'a');
      bed.resolver.answers = () => answer('192.0.2.2', ttlSeconds);
      await bed.clock.advance(heldMs - 1);
      assert.equal(await bed.ask('A.example', 'b'), '192.0.2.1');
      await bed.clock.advance(1);
      assert.equal(await bed.ask('a.example', 'b'), '192.0.2.2');
    }
  });

  it('keeps no answer that says nothing of its age', async () => {
    const bed = new Bed();
    bed.resolver.answers = () => answer('192.0.2.1', 0);
    await bed.ask('a.example');
    await bed.ask('a.example');
    assert.equal(bed.resolver.asked.length, 2);
    assert.equal(bed.lookups.keptAnswers, 0);
  });

  it('keeps a failure for five seconds', async () => {
    const bed = new Bed();
    bed.resolver.answers = () => new Error('no such name');
    await assert.rejects(bed.ask('a.example'), /no such name/);
    bed.resolver.answers = () => answer('192.0.2.1');
    await bed.clock.advance(4_999);
    await assert.rejects(bed.ask('a.example'), /no such name/);
    await bed.clock.advance(1);
    assert.equal(await bed.ask('a.example'), '192.0.2.1');
    assert.equal(bed.resolver.asked.length, 2);
  });

  it('lets one who gives up go at once, and answers the others', async () => {
    const bed = new Bed();
    const abort = new AbortController();
    const leaves = assert.rejects(bed.ask('slow-x.example', 'a', abort.signal), /enough/);
    const stays = bed.ask('slow-x.example', 'b');
    bed.flood('a', 100);
    const waits = assert.rejects(bed.ask('slow-y.example', 'a', abort.signal), /enough/);
    await bed.clock.settle();
    abort.abort(new Error('enough'));
    await Promise.all([leaves, waits]);
    await assert.rejects(bed.ask('b.example', 'a', abort.signal), /enough/);
    bed.resolver.answer('slow-x.example');
    assert.equal(await stays, '192.0.2.9');
    await bed.clock.settle();
    assert.ok(!bed.resolver.asked.includes('slow-y.example'));
  });

  it('keeps a bounded number of answers, and of addresses in each', async () => {
    const bed = new Bed();
    const addresses = Array.from({ length: 1_000 }, (_, index) => ({
      address: `10.0.${index >> 8}.${index & 255}`,
      family: 4,
    }));
    bed.resolver.answers = () => ({ addresses, ttlSeconds: 30 });
    assert.equal((await bed.ask('many.example')).split(' ').length, 16);
    assert.equal((await bed.ask('many.example')).split(' ').length, 16);
    for (let index = 0; index < 5_000; index += 1) await bed.ask(`n-${index}.example`);
    assert.equal(bed.lookups.keptAnswers, 4_096);
  });

  it('takes odd spellings of an address for what they are, other alphabets as punycode, and refuses what is no name', async () => {
    const bed = new Bed();
    for (const spelling of ['2130706433', '0x7f.1', '0177.0.0.1']) assert.equal(await bed.ask(spelling), '127.0.0.1');
    await bed.ask('BÜCHER.example');
    assert.deepEqual(bed.resolver.asked, ['xn--bcher-kva.example']);
    for (const none of ['', 'a b', 'a/b', 'a:1', 'user@a']) await assert.rejects(bed.ask(none), { code: 'ENOTFOUND' });
  });
});
