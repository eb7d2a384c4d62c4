// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exponentialBackoff } from '../queue/backoff.ts';
import { Controller, type ReconcileResult } from '../queue/controller.ts';
import { KeyedQueue } from '../queue/keyed-queue.ts';
import { ManualClock } from '../manual-clock.fixture.ts';
import { DEFERRED, DONE, type Outcome } from '../queue/outcome.ts';
import { type LaneName, WorkerLanes } from './worker-lanes.ts';

/** A backend that a record is stored in, and how long that takes. */
interface Put {
  readonly backend: string;
  readonly ms: () => number;
}

interface LoadOptions {
  readonly workers: number;
  readonly namespacePerIdle: number;
  /** Duration of the work on a key that needs no backend. */
  readonly workMs?: number;
  /** The backends that a key must be stored in. */
  readonly puts?: (key: string) => readonly Put[];
}

/** A controller that shares its workers as those of runs and records do: a lane for the namespace of each key, one for each backend. */
class Load {
  readonly clock = new ManualClock();
  readonly queue = new KeyedQueue({ clock: this.clock, backoff: exponentialBackoff({ minMs: 100, maxMs: 1000 }) });
  readonly done: string[] = [];
  readonly stored = new Map<string, Set<string>>();
  looks = 0;
  /** A circle of looks would keep the test from ever ending; it ends there. */
  mostLooks = 20_000;
  readonly #options: LoadOptions;
  readonly #lanes: WorkerLanes;

  constructor(options: LoadOptions) {
    this.#options = options;
    const { workers } = options;
    const { queue, clock } = this;
    this.#lanes = new WorkerLanes({
      idleWorkers: () => workers - queue.processing,
      wake: (key) => {
        queue.add(key);
      },
      isBusy: (key) => queue.isProcessing(key),
    });
    const onResult = ({ key, waitsAgain }: ReconcileResult): void => {
      this.#lanes.ended(key, waitsAgain);
    };
    const reconcile = (key: string): Promise<Outcome> => this.#reconcile(key);
    new Controller({ name: 'load', concurrency: workers, reconcile, queue, clock, onResult }).start();
  }

  isStored(key: string, backend: string): boolean {
    return this.stored.get(backend)?.has(key) === true;
  }

  /** @returns how many keys that begin so are stored in the backend */
  storedIn(backend: string, prefix: string): number {
    return [...(this.stored.get(backend) ?? [])].filter((key) => key.startsWith(prefix)).length;
  }

  async #reconcile(key: string): Promise<Outcome> {
    this.looks += 1;
    if (this.looks > this.mostLooks) return DONE;
    const [namespace = ''] = key.split('/');
    const puts = (this.#options.puts?.(key) ?? []).filter(({ backend }) => !this.isStored(key, backend));
    if (this.#options.puts !== undefined && puts.length === 0) return DONE;
    const lane = { name: `namespace ${namespace}`, perIdle: this.#options.namespacePerIdle };
    const outcome = await this.#within(lane, key, async () => {
      await Promise.all(puts.map((put) => this.#put(put, key)));
      if (this.#options.puts === undefined) await this.clock.sleep(this.#options.workMs ?? 100);
      this.done.push(key);
    });
    return outcome ?? DEFERRED;
  }

  async #put({ backend, ms }: Put, key: string): Promise<void> {
    await this.#within({ name: backend, perIdle: 0.5 }, key, async () => {
      await this.clock.sleep(ms());
      this.stored.set(backend, (this.stored.get(backend) ?? new Set()).add(key));
    });
  }

  async #within(lane: LaneName, key: string, work: () => Promise<void>): Promise<Outcome | undefined> {
    const leave = this.#lanes.enter([lane], key);
    if (leave === undefined) return undefined;
    try {
      await work();
      return DONE;
    } finally {
      leave();
    }
  }
}

describe('WorkerLanes under load', () => {
  const backlogs = [
    { workers: 16, namespacePerIdle: 1, namespaces: 3, runs: 40 },
    { workers: 16, namespacePerIdle: 1, namespaces: 5, runs: 8 },
    { workers: 16, namespacePerIdle: 1, namespaces: 10, runs: 40 },
    { workers: 16, namespacePerIdle: 1, namespaces: 200, runs: 3 },
    { workers: 48, namespacePerIdle: 3, namespaces: 4, runs: 100 },
    { workers: 48, namespacePerIdle: 0.5, namespaces: 10, runs: 100 },
  ];
  for (const { workers, namespacePerIdle, namespaces, runs } of backlogs) {
    it(`serves ${runs} runs in each of ${namespaces} namespaces with ${workers} workers, with few looks at each`, async () => {
      const load = new Load({ workers, namespacePerIdle });
      const total = namespaces * runs;
      load.mostLooks = 10 * total;
      for (let run = 0; run < runs; run += 1)
        for (let team = 0; team < namespaces; team += 1) load.queue.add(`team-${team}/run-${run}`);
      await load.clock.advance(100 * total);
      assert.equal(load.done.length, total);
      assert.ok(load.looks <= 3 * total, `${load.looks} looks`);
    });
  }

  it('keeps no place in the lane of a fast backend for records whose workers wait for a slow one', async () => {
    let fastMs = 400;
    const fast = { backend: 'fast', ms: () => fastMs };
    const slow = { backend: 'slow', ms: () => 60_000 };
    const load = new Load({
      workers: 48,
      namespacePerIdle: 3,
      puts: (key) => (key.startsWith('both') ? [slow, fast] : [fast]),
    });
    for (let index = 0; index < 90; index += 1) load.queue.add(`fast-${index % 4}/before-${index}`);
    for (let index = 0; index < 30; index += 1) load.queue.add(`both-${index % 4}/r-${index}`);
    await load.clock.advance(2000);
    fastMs = 20;
    await load.clock.advance(3000);
    for (let index = 0; index < 40; index += 1) load.queue.add(`fast-${index % 4}/after-${index}`);
    await load.clock.advance(1000);
    assert.equal(load.storedIn('fast', 'fast-'), 130);
    assert.equal(load.storedIn('slow', ''), 0);
    await load.clock.advance(180_000);
    assert.equal(load.storedIn('slow', 'both-'), 30);
    assert.equal(load.storedIn('fast', 'both-'), 30);
  });

  it('lets no team whose own backend hangs keep another from a backend that both use', async () => {
    const shared = { backend: 'shared', ms: () => 100 };
    const hangs = { backend: 'hangs', ms: () => 30_000 };
    const load = new Load({
      workers: 48,
      namespacePerIdle: 3,
      puts: (key) => (key.startsWith('team-a/') ? [hangs, shared] : [shared]),
    });
    for (let index = 0; index < 100; index += 1) load.queue.add(`team-${'cdef'.charAt(index % 4)}/r${index}`);
    await load.clock.settle();
    for (let index = 0; index < 30; index += 1) load.queue.add(`team-a/own${index}`);
    await load.clock.advance(5000);
    for (let index = 0; index < 20; index += 1) load.queue.add(`team-b/r${index}`);
    await load.clock.advance(1000);
    assert.equal(load.storedIn('shared', 'team-b/'), 20);
    await load.clock.advance(120_000);
    assert.equal(load.storedIn('shared', ''), 150);
    assert.equal(load.storedIn('hangs', 'team-a/'), 30);
  });
});
