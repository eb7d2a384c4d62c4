// SPDX-License-Identifier: Apache-2.0

/** The keys of one lane: those in it, those that wait for it and those whose turn has come. */
export class WorkerLane {
  readonly name: string;
  /** How many workers it may hold for each that is idle. */
  readonly perIdle: number;
  /** Keys in the lane, with how often each entered. */
  readonly #inside = new Map<string, number>();
  /** Keys that wait, first come first served. */
  readonly #waiting = new Set<string>();
  /** Keys that wait and lost an earlier turn: they come before the others. */
  readonly #waitingAgain = new Set<string>();
  /** Keys that were woken and have neither entered nor ended since: each has its place kept. */
  readonly #woken = new Set<string>();
  /** Keys that were woken, could not enter for another reason, and will come again. */
  readonly #lost = new Set<string>();

  constructor({ name, perIdle }: { readonly name: string; readonly perIdle: number }) {
    this.name = name;
    this.perIdle = perIdle;
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

  /** Whether the key has a place: it is inside already, or was woken for it. */
  hasPlaceOf(key: string): boolean {
    return this.#inside.has(key) || this.#woken.has(key);
  }

  isAwaitedBy(key: string): boolean {
    return this.#waiting.has(key) || this.#waitingAgain.has(key);
  }

  enter(key: string): void {
    this.#inside.set(key, (this.#inside.get(key) ?? 0) + 1);
    this.#waiting.delete(key);
    this.#waitingAgain.delete(key);
    this.#woken.delete(key);
    this.#lost.delete(key);
  }

  leave(key: string): void {
    const left = (this.#inside.get(key) ?? 1) - 1;
    if (left > 0) this.#inside.set(key, left);
    else this.#inside.delete(key);
  }

  /** Queues the key up; one that lost its turn comes before those that had none. */
  await(key: string): void {
    if (this.#lost.delete(key)) {
      this.#waiting.delete(key);
      this.#waitingAgain.add(key);
    } else if (!this.#waitingAgain.has(key)) this.#waiting.add(key);
  }

  /** Wakes the first key that waits and is not busy elsewhere. A busy key keeps its turn. @returns the key */
  wakeFirst(isBusy: (key: string) => boolean): string | undefined {
    for (const queue of [this.#waitingAgain, this.#waiting]) {
      for (const key of queue) {
        if (isBusy(key)) continue;
        queue.delete(key);
        this.#woken.add(key);
        return key;
      }
    }
    return undefined;
  }

  /** The work on the key ended: a place that was kept for it is free. One that comes again has lost its turn. */
  ended(key: string, comesAgain: boolean): void {
    if (this.#woken.delete(key) && comesAgain) this.#lost.add(key);
    if (!comesAgain) this.#lost.delete(key);
  }
}
