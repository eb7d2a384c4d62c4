// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { parentPort, Worker } from 'node:worker_threads';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Fault } from './put-back/fault.ts';
import { putBack } from './put-back/put-back.ts';
import type { WorldPlan } from './world-plan.ts';

const Played = Type.Object({ played: Type.Integer(), failures: Type.Array(Type.String()) });
const PlayedMessage = Compile(Played);

/** The number of worlds played, and a text for each that failed. */
export type Played = Static<typeof Played>;

/** Worlds to play, with a fault in the operator if one is given. */
interface Task {
  readonly plans: readonly WorldPlan[];
  /** Stops after this many failed worlds. */
  readonly maxFailed: number;
  readonly fault?: Fault;
}

/**
 * Plays worlds in a thread of its own, one task after the other: the test runner follows every promise of its own thread, which makes worlds
 * twice as expensive.
 */
export class WorldsThread {
  readonly #worker = new Worker(new URL(import.meta.url));

  /** @throws Error when the fault no longer fits the sources, which ends the thread */
  async play(task: Task): Promise<Played> {
    this.#worker.postMessage(task);
    const messages: unknown[] = await once(this.#worker, 'message');
    return PlayedMessage.Parse(messages[0]);
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

async function play({ plans, maxFailed, fault }: Task): Promise<Played> {
  const hooks = fault === undefined ? undefined : putBack(fault);
  try {
    const { describeFailure, runWorlds } = await import('./run-worlds.ts');
    const { played, failed } = await runWorlds(plans, maxFailed);
    return { played, failures: failed.map(describeFailure) };
  } finally {
    hooks?.deregister();
  }
}

parentPort?.on('message', (task: Task) => {
  void play(task).then((played) => parentPort?.postMessage(played));
});
