// SPDX-License-Identifier: Apache-2.0

export interface WorkerLanesOptions {
  /** How many more keys could be worked on now. */
  readonly idleWorkers: () => number;
  /** Has a key that waited for a lane tried again. */
  readonly wake: (key: string) => void;
}

/** What shares the workers with others of its kind. */
export interface LaneName {
  readonly name: string;
  /** How many workers it may hold for each that is idle. */
  readonly perIdle: number;
}

interface Lane {
  readonly perIdle: number;
  /** Keys that are in it, with how often. */
  readonly inside: Map<string, number>;
  /** Keys that wait for it, first come first. */
  readonly waiting: Set<string>;
  /** Keys that were woken and have not been worked on since. */
  readonly woken: Set<string>;
}

/**
 * Bounds how many of a controller's workers one backend, or one namespace, holds at a time, by how many are idle: with one for each that
 * is idle, half of the workers are left to all others, half of the rest to all but two, and so on. A slow server has a queue of its own
 * that way, and not everybody's workers. One of which no other key is being worked on is always served.
 */
export class WorkerLanes {
  readonly #options: WorkerLanesOptions;
  readonly #lanes = new Map<string, Lane>();

  constructor(options: WorkerLanesOptions) {
    this.#options = options;
  }

  /** @returns what leaves the lanes again; undefined when one is full: the key is woken when its turn comes */
  enter(names: readonly LaneName[], key: string): (() => void) | undefined {
    const lanes = names.map((name) => this.#lane(name));
    const full = lanes.find((lane) => !this.#hasRoom(lane, key));
    if (full !== undefined) {
      full.waiting.add(key);
      return undefined;
    }
    for (const { inside, waiting, woken } of lanes) {
      inside.set(key, (inside.get(key) ?? 0) + 1);
      waiting.delete(key);
      woken.delete(key);
    }
    // Somebody who was woken and has come was counted twice, as busy and as to come.
    for (const lane of lanes) this.#fill(lane);
    return () => {
      for (const lane of lanes) {
        const left = (lane.inside.get(key) ?? 1) - 1;
        if (left > 0) lane.inside.set(key, left);
        else lane.inside.delete(key);
        this.#fill(lane);
      }
    };
  }

  /** The work on a key ended, whatever it was: those that wait get the room there is. */
  ended(key: string): void {
    for (const [name, lane] of this.#lanes) {
      lane.woken.delete(key);
      this.#fill(lane);
      if (lane.inside.size + lane.waiting.size + lane.woken.size === 0) this.#lanes.delete(name);
    }
  }

  #fill(lane: Lane): void {
    const { inside, waiting, woken } = lane;
    for (const next of waiting) {
      // Whoever is woken takes a worker too.
      if (inside.size + woken.size >= this.#room(lane, woken.size + 1)) return;
      waiting.delete(next);
      woken.add(next);
      this.#options.wake(next);
    }
  }

  #lane({ name, perIdle }: LaneName): Lane {
    const lane = this.#lanes.get(name) ?? { perIdle, inside: new Map(), waiting: new Set(), woken: new Set() };
    this.#lanes.set(name, lane);
    return lane;
  }

  /** Those that were woken before have their place kept. */
  #hasRoom(lane: Lane, key: string): boolean {
    const { inside, woken } = lane;
    if (inside.has(key)) return true;
    const kept = woken.size - (woken.has(key) ? 1 : 0);
    return inside.size + kept < this.#room(lane, kept);
  }

  /** @param spokenFor workers that are idle only for now */
  #room({ perIdle }: Lane, spokenFor: number): number {
    return Math.max(1, perIdle * (this.#options.idleWorkers() - spokenFor));
  }
}
