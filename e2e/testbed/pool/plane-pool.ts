// SPDX-License-Identifier: Apache-2.0
import { commonLayers, type PlaneLayer } from './plane-layer.ts';
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
  async take(layers: readonly PlaneLayer[]): Promise<PooledPlane> {
    this.#counts = { ...this.#counts, lent: this.#counts.lent + 1 };
    const idle = this.#takeIdle(layers);
    if (idle !== undefined) {
      try {
        await idle.prepare(layers);
        return idle;
      } catch (error) {
        process.stderr.write(`testbed: a control plane is thrown away: ${String(error)}\n`);
        await this.#discard(idle);
      }
    }
    return this.#startNew(layers);
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

  async #startNew(layers: readonly PlaneLayer[]): Promise<PooledPlane> {
    if (this.#isStopped) throw new Error('the suite has ended');
    this.#counts = { ...this.#counts, started: this.#counts.started + 1 };
    const plane = await PooledPlane.start();
    this.#all.add(plane);
    try {
      await plane.prepare(layers);
      return plane;
    } catch (error) {
      plane.keepLogs();
      await this.#discard(plane);
      throw error;
    }
  }

  /** The one that has to change least. */
  #takeIdle(layers: readonly PlaneLayer[]): PooledPlane | undefined {
    const changes = ({ layers: present }: PooledPlane): number =>
      present.length + layers.length - 2 * commonLayers(present, layers);
    const [first, ...others] = this.#idle;
    if (first === undefined) return undefined;
    const nearest = others.reduce((one, other) => (changes(other) < changes(one) ? other : one), first);
    this.#idle.splice(this.#idle.indexOf(nearest), 1);
    return nearest;
  }

  async #discard(plane: PooledPlane): Promise<void> {
    this.#all.delete(plane);
    await plane.stop();
  }
}
