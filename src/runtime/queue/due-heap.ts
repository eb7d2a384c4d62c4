// SPDX-License-Identifier: Apache-2.0

/** A heap of so many entries is not worth a clean-up. */
const FEW_ENTRIES = 64;

/**
 * Keys with the time they are due, earliest first. A key counts once, with the earliest time it was given; entries that an
 * earlier time or a removal made stale stay in the heap until they surface or are half of it, which keeps operations logarithmic.
 * Times are whole milliseconds, which take no memory of their own: there may be very many keys.
 */
export class DueHeap<Key extends string = string> {
  /** The entries of the heap: their keys, and the time of each. */
  #keys: Key[] = [];
  #times: number[] = [];
  readonly #dueMs = new Map<Key, number>();

  get size(): number {
    return this.#dueMs.size;
  }

  keys(): IterableIterator<Key> {
    return this.#dueMs.keys();
  }

  has(key: Key): boolean {
    return this.#dueMs.has(key);
  }

  /** The time at which the key is due. */
  dueMs(key: Key): number | undefined {
    return this.#dueMs.get(key);
  }

  /** Adds the key, or makes it due earlier. @returns false when it was due earlier already. */
  set(key: Key, time: number): boolean {
    const dueMs = Math.ceil(time);
    const current = this.#dueMs.get(key);
    if (current !== undefined && current <= dueMs) return false;
    this.#dueMs.set(key, dueMs);
    this.#keys.push(key);
    this.#times.push(dueMs);
    this.#rise(this.#keys.length - 1);
    if (this.#keys.length > FEW_ENTRIES && this.#keys.length > 2 * this.#dueMs.size) this.#dropAllStale();
    return true;
  }

  delete(key: Key): boolean {
    return this.#dueMs.delete(key);
  }

  /** The earliest time at which a key is due. */
  get earliestMs(): number | undefined {
    this.#dropStale();
    return this.#times[0];
  }

  /** Removes and returns one key that is due at `nowMs`. */
  takeDue(nowMs: number): Key | undefined {
    this.#dropStale();
    const key = this.#keys[0];
    if (key === undefined || this.#due(0) > nowMs) return undefined;
    this.#dueMs.delete(key);
    this.#removeFirst();
    return key;
  }

  #dropStale(): void {
    for (let key = this.#keys[0]; key !== undefined; key = this.#keys[0]) {
      if (this.#dueMs.get(key) === this.#times[0]) return;
      this.#removeFirst();
    }
  }

  #dropAllStale(): void {
    this.#keys = [...this.#dueMs.keys()];
    this.#times = [...this.#dueMs.values()];
    for (let index = (this.#keys.length >> 1) - 1; index >= 0; index -= 1) this.#sink(index);
  }

  #removeFirst(): void {
    this.#swap(0, this.#keys.length - 1);
    this.#keys.pop();
    this.#times.pop();
    if (this.#keys.length > 1) this.#sink(0);
  }

  #rise(start: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#due(parent) <= this.#due(index)) return;
      this.#swap(parent, index);
      index = parent;
    }
  }

  #sink(start: number): void {
    let index = start;
    for (;;) {
      const left = 2 * index + 1;
      const smaller = this.#due(left + 1) < this.#due(left) ? left + 1 : left;
      if (this.#due(smaller) >= this.#due(index)) return;
      this.#swap(smaller, index);
      index = smaller;
    }
  }

  #due(index: number): number {
    return this.#times[index] ?? Infinity;
  }

  #swap(one: number, other: number): void {
    const [key, otherKey] = [this.#keys[one], this.#keys[other]];
    if (key === undefined || otherKey === undefined) return;
    const [time, otherTime] = [this.#due(one), this.#due(other)];
    this.#keys[one] = otherKey;
    this.#keys[other] = key;
    this.#times[one] = otherTime;
    this.#times[other] = time;
  }
}
