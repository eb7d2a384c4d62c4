// SPDX-License-Identifier: Apache-2.0
import { parentPort, Worker } from 'node:worker_threads';
import { laneFaults } from './lane-faults.fixture.ts';
import { withFault } from '../put-back.fixture.ts';

interface LaneWorlds {
  readonly firstSeed: number;
  readonly worlds: number;
  /** The name of a mended fault to bring back. */
  readonly fault?: string;
}

/**
 * Plays worlds until one goes wrong, in a thread of its own: the test runner follows every promise of its own thread, which makes worlds
 * four times as expensive.
 * @returns what went wrong, with the seed; empty when nothing did
 */
export async function playInThread({ firstSeed, worlds, fault = '' }: LaneWorlds): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const worker = new Worker(new URL(import.meta.url), { argv: [firstSeed, worlds, fault] });
  worker.once('message', resolve);
  worker.once('error', reject);
  const failure = String(await promise);
  await worker.terminate();
  return failure;
}

async function play(firstSeed: number, worlds: number, name: string): Promise<string> {
  const load = () => import('./lane-world.fixture.ts');
  const fault = laneFaults.find((each) => each.name === name);
  const { playLaneWorlds } = await (fault === undefined ? load() : withFault(fault, load));
  return playLaneWorlds(firstSeed, worlds);
}

if (parentPort !== null) {
  const [firstSeed, worlds, fault = ''] = process.argv.slice(2);
  parentPort.postMessage(await play(Number(firstSeed), Number(worlds), fault));
}
