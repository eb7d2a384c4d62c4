// SPDX-License-Identifier: Apache-2.0

/** A lane that others share. */
export interface SharedLane {
  readonly name: string;
  readonly perIdle: number;
  /** Places of all lanes within it, in use or kept. */
  occupied: number;
  /** The number of lanes within it. */
  lanes: number;
}

/** The keys of one lane: those in it, those that wait for it and those whose turn has come. */
export class WorkerLane<Key extends string = string> {
  readonly name: string;
  /** The number of places it may hold for each free one. */
  readonly perIdle: number;
  /** The lane whose places it takes; the workers' own places when undefined. */
  readonly within: SharedLane | undefined;
  /** Keys in the lane, with how often each entered. */
  readonly #inside = new Map<Key, number>();
  /** Keys that wait, first come first served. */
  readonly #waiting = new Set<Key>();
  /** Keys that wait and lost an earlier turn: they come before the others. */
  readonly #waitingAgain = new Set<Key>();
  /** Keys that were woken and have neither entered nor ended since: each has its place kept. */
  readonly #woken = new Set<Key>();
  /** Keys that were woken, could not enter for another reason, and will come again. */
  readonly #lost = new Set<Key>();

  constructor(name: string, perIdle: number, within?: SharedLane) {
    this.name = name;
    this.perIdle = perIdle;
    this.within = within;
  }

  /** Places in use or kept. */
  get occupied(): number {
    return this.#inside.size + this.#woken.size;
  }

  get hasWaiting(): boolean {
    return this.#waiting.size + this.#waitingAgain.size > 0;
  }

  get isEmpty(): boolean {
    return this.occupied + this.#lost.size === 0 && !this.hasWaiting;
  }

  /** True when the key has a place: it is inside already, or was woken for it. */
  hasPlaceOf(key: Key): boolean {
    return this.#inside.has(key) || this.#woken.has(key);
  }

  isAwaitedBy(key: Key): boolean {
    return this.#waiting.has(key) || this.#waitingAgain.has(key);
  }

  enter(key: Key): void {
    this.#counted(() => {
      this.#inside.set(key, (this.#inside.get(key) ?? 0) + 1);
      this.#woken.delete(key);
    });
    this.#waiting.delete(key);
    this.#waitingAgain.delete(key);
    this.#lost.delete(key);
  }

  leave(key: Key): void {
    const left = (this.#inside.get(key) ?? 1) - 1;
    this.#counted(() => {
      if (left > 0) this.#inside.set(key, left);
      else this.#inside.delete(key);
    });
  }

  /** Queues the key up; one that lost its turn comes before those that had none. */
  await(key: Key): void {
    if (this.#lost.delete(key)) {
      this.#waiting.delete(key);
      this.#waitingAgain.add(key);
    } else if (!this.#waitingAgain.has(key)) this.#waiting.add(key);
  }

  /** Wakes the first key that waits and is not busy elsewhere. A busy key keeps its turn. @returns the key */
  wakeFirst(isBusy: (key: Key) => boolean): Key | undefined {
    for (const queue of [this.#waitingAgain, this.#waiting]) {
      for (const key of queue) {
        if (isBusy(key)) continue;
        queue.delete(key);
        this.#counted(() => this.#woken.add(key));
        return key;
      }
    }
    return undefined;
  }

  /** Forgets the key wherever it waits; one that is inside leaves by itself. */
  remove(key: Key): void {
    this.#counted(() => this.#woken.delete(key));
    for (const keys of [this.#waiting, this.#waitingAgain, this.#lost]) keys.delete(key);
  }

  /** The work on the key ended: a place that was kept for it is free. One that comes again has lost its turn. */
  ended(key: Key, comesAgain: boolean): void {
    const wasWoken = this.#counted(() => this.#woken.delete(key));
    if (wasWoken && comesAgain) this.#lost.add(key);
    if (!comesAgain) this.#lost.delete(key);
  }

  /** Counts in the shared lane, too, what changes in this one. */
  #counted<T>(change: () => T): T {
    const before = this.occupied;
    const result = change();
    if (this.within !== undefined) this.within.occupied += this.occupied - before;
    return result;
  }
}
