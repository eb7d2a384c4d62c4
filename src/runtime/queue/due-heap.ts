// SPDX-License-Identifier: Apache-2.0

interface Entry<Key> {
  readonly key: Key;
  readonly dueMs: number;
}

/** A heap of so many entries is not worth a clean-up. */
const FEW_ENTRIES = 64;

/**
 * Keys with the time they are due, earliest first. A key counts once, with the earliest time it was given; entries that an
 * earlier time or a removal made stale stay in the heap until they surface or are half of it, which keeps operations logarithmic.
 */
export class DueHeap<Key extends string = string> {
  #heap: Entry<Key>[] = [];
  readonly #dueMs = new Map<Key, number>();

  get size(): number {
    return this.#dueMs.size;
  }

  has(key: Key): boolean {
    return this.#dueMs.has(key);
  }

  /** Adds the key, or makes it due earlier. @returns false when it was due earlier already. */
  set(key: Key, dueMs: number): boolean {
    const current = this.#dueMs.get(key);
    if (current !== undefined && current <= dueMs) return false;
    this.#dueMs.set(key, dueMs);
    this.#heap.push({ key, dueMs });
    this.#rise(this.#heap.length - 1);
    if (this.#heap.length > FEW_ENTRIES && this.#heap.length > 2 * this.#dueMs.size) this.#dropAllStale();
    return true;
  }

  delete(key: Key): boolean {
    return this.#dueMs.delete(key);
  }

  /** The earliest time at which a key is due. */
  get earliestMs(): number | undefined {
    this.#dropStale();
    return this.#heap[0]?.dueMs;
  }

  /** Removes and returns one key that is due at `nowMs`. */
  takeDue(nowMs: number): Key | undefined {
    this.#dropStale();
    const first = this.#heap[0];
    if (first === undefined || first.dueMs > nowMs) return undefined;
    this.#dueMs.delete(first.key);
    this.#removeFirst();
    return first.key;
  }

  #dropStale(): void {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (this.#dueMs.get(first.key) === first.dueMs) return;
      this.#removeFirst();
    }
  }

  #dropAllStale(): void {
    this.#heap = Array.from(this.#dueMs, ([key, dueMs]) => ({ key, dueMs }));
    for (let index = (this.#heap.length >> 1) - 1; index >= 0; index -= 1) this.#sink(index);
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
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
    return this.#heap[index]?.dueMs ?? Infinity;
  }

  #swap(one: number, other: number): void {
    const first = this.#heap[one];
    const second = this.#heap[other];
    if (first === undefined || second === undefined) return;
    this.#heap[one] = second;
    this.#heap[other] = first;
  }
}
