// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { parentPort, Worker } from 'node:worker_threads';
import { SeededRandom } from '../../runtime/seeded-random.fixture.ts';
import { LeaseCluster, STEP_MS } from './lease-cluster.fixture.ts';

/**
 * Plays random clusters in a thread of its own, one for each seed up to this one: the test runner follows every promise of its own thread,
 * which makes them twice as expensive.
 * @returns the number of clusters played
 * @throws AssertionError when a rule is broken
 */
export async function playClustersInThread(lastSeed: number): Promise<number> {
  const worker = new Worker(new URL(import.meta.url));
  try {
    worker.postMessage(lastSeed);
    const messages: unknown[] = await once(worker, 'message');
    return Number(messages[0]);
  } finally {
    await worker.terminate();
  }
}

async function playRandom(seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  const cluster = new LeaseCluster(random.next);
  let born = 0;
  const bear = (): void => {
    born += 1;
    cluster.replica(`${random.pick(['a', 'b'])}-${born}`);
  };
  for (let index = 0; index < 3; index += 1) bear();
  for (let elapsedMs = 0; elapsedMs < 120_000; elapsedMs += STEP_MS) {
    if (random.chance(0.03)) {
      const one = random.pick(cluster.replicas);
      const what = random.pick(['cut', 'slow', 'crash', 'stop', 'blind', 'healed'] as const);
      if (what === 'cut') one.isCut = true;
      if (what === 'slow') one.slowMs = random.between(500, 9_000);
      if (what === 'blind') one.isBlind = true;
      if (what === 'healed') one.heal();
      if (what === 'crash') one.crash();
      if (what === 'stop') void cluster.stop(one);
      if (what === 'crash' || what === 'stop') bear();
    }
    await cluster.pass(STEP_MS);
  }
  for (const one of cluster.replicas) one.heal();
  await cluster.pass(90_000);
  const counts = cluster.replicas.filter(({ isOver }) => !isOver).map(({ leases }) => leases.count);
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    16,
    `seed ${seed}: ${counts.join(' ')}`,
  );
}

async function playAll(lastSeed: number): Promise<number> {
  let played = 0;
  for (let seed = 1; seed <= lastSeed; seed += 1, played += 1) await playRandom(seed);
  return played;
}

parentPort?.once('message', (lastSeed: number) => {
  void playAll(lastSeed).then((played) => parentPort?.postMessage(played));
});
