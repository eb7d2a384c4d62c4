// SPDX-License-Identifier: Apache-2.0
import { PooledPlane } from './pooled-plane.ts';

/** The number of control planes that were started, and of loans. */
export interface PoolCounts {
  readonly started: number;
  readonly lent: number;
}

/** The control planes of a run of the suite: as many as tests have at one time, and no more. */
export class PlanePool {
  readonly #idle: PooledPlane[] = [];
  readonly #all = new Set<PooledPlane>();
  #counts: PoolCounts = { started: 0, lent: 0 };
  #isStopped = false;

  get counts(): PoolCounts {
    return this.#counts;
  }

  /** One that lies idle, such as it is wanted if possible, or else a new one. */
  async take(withTekton: boolean): Promise<PooledPlane> {
    this.#counts = { ...this.#counts, lent: this.#counts.lent + 1 };
    const idle = this.#takeIdle(withTekton);
    if (idle !== undefined) {
      try {
        await idle.prepare(withTekton);
        return idle;
      } catch (error) {
        process.stderr.write(`testbed: a control plane is thrown away: ${String(error)}\n`);
        await this.#discard(idle);
      }
    }
    return this.#startNew(withTekton);
  }

  /** Takes it back: cleaned for the next test if its test ended in good order, or else thrown away. */
  async giveBack(plane: PooledPlane, isInOrder: boolean): Promise<void> {
    if (!isInOrder || this.#isStopped) {
      await this.#discard(plane);
      return;
    }
    try {
      await plane.clean();
      this.#idle.push(plane);
    } catch (error) {
      process.stderr.write(`testbed: a control plane is thrown away: ${String(error)}\n`);
      await this.#discard(plane);
    }
  }

  /** Ends all of them. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#all].map((plane) => this.#discard(plane)));
  }

  async #startNew(withTekton: boolean): Promise<PooledPlane> {
    if (this.#isStopped) throw new Error('the suite has ended');
    this.#counts = { ...this.#counts, started: this.#counts.started + 1 };
    const plane = await PooledPlane.start();
    this.#all.add(plane);
    try {
      await plane.prepare(withTekton);
      return plane;
    } catch (error) {
      plane.keepLogs();
      await this.#discard(plane);
      throw error;
    }
  }

  #takeIdle(withTekton: boolean): PooledPlane | undefined {
    const fitting = this.#idle.findIndex(({ hasTekton }) => hasTekton === withTekton);
    return this.#idle.splice(fitting === -1 ? 0 : fitting, 1)[0];
  }

  async #discard(plane: PooledPlane): Promise<void> {
    this.#all.delete(plane);
    await plane.stop();
  }
}
