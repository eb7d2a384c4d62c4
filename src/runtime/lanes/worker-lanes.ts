// SPDX-License-Identifier: Apache-2.0
import { type SharedLane, WorkerLane } from './worker-lane.ts';

export interface WorkerLanesOptions<Key extends string = string> {
  /** The number of further keys that could be worked on now. */
  readonly idleWorkers: () => number;
  /** Enqueues a key whose turn in a lane has come. */
  readonly wake: (key: Key) => void;
  /** True when a worker has the key. Such a key cannot come before that work ends, so no place is kept for it until then. */
  readonly isBusy: (key: Key) => boolean;
}

/** A lane: the share of the workers that one backend, or one namespace, may hold. */
export interface LaneName {
  readonly name: string;
  /** The number of workers it may hold for each idle one; within another lane, the number of its places for each free one. */
  readonly perIdle: number;
  /** The lane whose places it shares with others: the teams that use one backend, say. */
  readonly within?: Omit<LaneName, 'within' | 'isOuter'>;
  /**
   * Keys pass through it on their way to other lanes. A key whose turn has come in one of those finds one place more: else two keys, each
   * with a turn in the lane that the other has to wait for, would be woken and refused in turn for ever.
   */
  readonly isOuter?: true;
}

/**
 * Divides a controller's workers into lanes. A lane bounds the workers that one backend, or one namespace, holds at a time, by the number
 * of idle ones: with one for each idle worker, half of the workers are left to all others, half of the rest to all but two, and so on.
 * So a slow server holds up its own lane only. A lane without a key that is being worked on is always served. A lane within another has a
 * share of its places in the same way.
 *
 * A key that was woken is always admitted: its place was kept. The workers that woken keys will need are counted over all lanes.
 */
export class WorkerLanes<Key extends string = string> {
  readonly #options: WorkerLanesOptions<Key>;
  readonly #lanes = new Map<string, WorkerLane<Key>>();
  readonly #shared = new Map<string, SharedLane>();
  /** Lanes that keys wait for, in the order in which they may wake the next one. */
  readonly #crowded = new Set<WorkerLane<Key>>();
  /** The lanes that each key waits for, or was woken for. */
  readonly #lanesByKey = new Map<Key, Set<WorkerLane<Key>>>();
  /** Woken keys that no worker has taken yet, in the order in which the queue hands them out. */
  readonly #awaited = new Set<Key>();

  constructor(options: WorkerLanesOptions<Key>) {
    this.#options = options;
  }

  /** @returns a function that leaves the lanes again, to be called once; undefined when one is full: the key is woken when its turn comes */
  enter(names: readonly LaneName[], key: Key): (() => void) | undefined {
    const lanes = names.map((name) => this.#lane(name));
    const full = lanes.find((lane, index) => !this.#hasRoom(lane, key) && !this.#mayPass(lane, key, names[index]));
    if (full !== undefined) {
      this.#await(full, key);
      for (const lane of lanes) this.#tidy(lane);
      return undefined;
    }
    this.#awaited.delete(key);
    for (const lane of lanes) {
      lane.enter(key);
      this.#forget(lane, key);
    }
    const left = new Set<WorkerLane<Key>>();
    return () => {
      for (const lane of lanes) {
        if (left.has(lane)) continue;
        left.add(lane);
        lane.leave(key);
        this.#wakeAll((other) => other === lane || (lane.within !== undefined && other.within === lane.within));
        this.#tidy(lane);
      }
    };
  }

  /** True when the key waits for its turn in a lane, or was woken for it. */
  isAwaiting(name: string, key: Key): boolean {
    const lane = this.#lanes.get(name);
    return lane !== undefined && (lane.isAwaitedBy(key) || lane.hasPlaceOf(key));
  }

  /**
   * The work on a key ended, whatever came of it: keys that wait get the room there is, one lane after the other.
   * @param comesAgain whether the key is enqueued again, now or later: a turn that it could not use is kept at the front
   */
  ended(key: Key, comesAgain = false): void {
    this.#awaited.delete(key);
    const lanes = [...(this.#lanesByKey.get(key) ?? [])];
    const waits = comesAgain || lanes.some((lane) => lane.isAwaitedBy(key));
    for (const lane of lanes) {
      lane.ended(key, waits);
      if (!waits) this.#forget(lane, key);
    }
    this.#wakeAll(() => true);
    for (const lane of lanes) this.#tidy(lane);
  }

  /** The key is gone: nothing waits for it or is kept for it any more. */
  remove(key: Key): void {
    this.#awaited.delete(key);
    const lanes = [...(this.#lanesByKey.get(key) ?? [])];
    this.#lanesByKey.delete(key);
    for (const lane of lanes) lane.remove(key);
    this.#wakeAll(() => true);
    for (const lane of lanes) this.#tidy(lane);
  }

  /** The same of every key for which this holds. */
  removeAll(isConcerned: (key: Key) => boolean): void {
    for (const key of [...this.#lanesByKey.keys()]) if (isConcerned(key)) this.remove(key);
  }

  /** True when a key for which this holds waits for its turn, or was woken for it. */
  some(isConcerned: (key: Key) => boolean): boolean {
    for (const [key, lanes] of this.#lanesByKey) if (lanes.size > 0 && isConcerned(key)) return true;
    return false;
  }

  #await(lane: WorkerLane<Key>, key: Key): void {
    lane.await(key);
    this.#crowded.add(lane);
    const lanes = this.#lanesByKey.get(key) ?? new Set();
    lanes.add(lane);
    this.#lanesByKey.set(key, lanes);
  }

  #forget(lane: WorkerLane<Key>, key: Key): void {
    const lanes = this.#lanesByKey.get(key);
    lanes?.delete(lane);
    if (lanes?.size === 0) this.#lanesByKey.delete(key);
  }

  /** Wakes a key of each lane in turn, as long as there is room. */
  #wakeAll(concerns: (lane: WorkerLane<Key>) => boolean): void {
    for (const lane of this.#crowded) {
      if (!concerns(lane) || !this.#wakeOne(lane)) continue;
      // It comes after the others, and the loop comes back to it.
      this.#crowded.delete(lane);
      if (lane.hasWaiting) this.#crowded.add(lane);
    }
  }

  /** @returns whether a key was woken */
  #wakeOne(lane: WorkerLane<Key>): boolean {
    // The key that is woken takes a worker too.
    if (!this.#isOpen(lane, this.#spokenFor() + 1)) return false;
    const key = lane.wakeFirst(this.#options.isBusy);
    if (key === undefined) return false;
    this.#awaited.add(key);
    this.#options.wake(key);
    return true;
  }

  #lane(name: LaneName): WorkerLane<Key> {
    const known = this.#lanes.get(name.name);
    if (known !== undefined) return known;
    const lane = new WorkerLane<Key>(name.name, name.perIdle, this.#sharedLane(name.within));
    this.#lanes.set(name.name, lane);
    return lane;
  }

  #sharedLane(name: LaneName['within']): SharedLane | undefined {
    if (name === undefined) return undefined;
    const shared = this.#shared.get(name.name) ?? { ...name, occupied: 0, lanes: 0 };
    shared.lanes += 1;
    this.#shared.set(name.name, shared);
    return shared;
  }

  #tidy(lane: WorkerLane<Key>): void {
    if (!lane.hasWaiting) this.#crowded.delete(lane);
    if (!lane.isEmpty || this.#lanes.get(lane.name) !== lane) return;
    this.#lanes.delete(lane.name);
    const { within } = lane;
    if (within === undefined) return;
    within.lanes -= 1;
    if (within.lanes === 0) this.#shared.delete(within.name);
  }

  #hasRoom(lane: WorkerLane<Key>, key: Key): boolean {
    return lane.hasPlaceOf(key) || this.#isOpen(lane, this.#spokenFor());
  }

  /** True when the key may pass through a full lane, to where its turn has come. */
  #mayPass(lane: WorkerLane<Key>, key: Key, name: LaneName | undefined): boolean {
    if (name?.isOuter !== true) return false;
    const hasTurn = [...(this.#lanesByKey.get(key) ?? [])].some((other) => other.hasPlaceOf(key));
    return hasTurn && lane.occupied <= roomFor(lane.perIdle, this.#options.idleWorkers() - this.#spokenFor());
  }

  /** @param spokenFor workers that are idle only for now */
  #isOpen({ within, occupied, perIdle }: WorkerLane, spokenFor: number): boolean {
    const idle = this.#options.idleWorkers() - spokenFor;
    if (within === undefined) return occupied < roomFor(perIdle, idle);
    const free = roomFor(within.perIdle, idle) - within.occupied;
    return free > 0 && occupied < roomFor(perIdle, free);
  }

  /** Workers that are idle only until the woken keys come. A key that a worker has is no longer among them. */
  #spokenFor(): number {
    for (const key of this.#awaited) {
      if (!this.#options.isBusy(key)) break;
      this.#awaited.delete(key);
    }
    return this.#awaited.size;
  }
}

/** At least one place, so that every lane is served. */
function roomFor(perFree: number, free: number): number {
  return Math.max(1, perFree * free);
}
