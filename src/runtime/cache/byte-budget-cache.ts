// SPDX-License-Identifier: Apache-2.0

interface Entry<T> {
  readonly value: T;
  readonly sizeBytes: number;
  readonly irreplaceable: boolean;
}

export interface ByteBudgetEntry<T> {
  readonly value: T;
  /** The size that counts against the budget. */
  readonly sizeBytes: number;
  /** It cannot be read again (the object of a deletion): makes room by dropping values that can, and is kept in any case. */
  readonly irreplaceable?: boolean;
}

/**
 * The objects of queued keys, so that a reconcile need not read them again. It is a convenience within a budget: what does not
 * fit is dropped, and a caller that misses reads from the API server.
 */
export class ByteBudgetCache<T, Key extends string = string> {
  readonly #budgetBytes: number;
  readonly #entries = new Map<Key, Entry<T>>();
  #usedBytes = 0;

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Key): T | undefined {
    return this.#entries.get(key)?.value;
  }

  keys(): readonly Key[] {
    return [...this.#entries.keys()];
  }

  /** True when the value of the key cannot be read again. */
  isIrreplaceable(key: Key): boolean {
    return this.#entries.get(key)?.irreplaceable === true;
  }

  /** Keeps the newest value of the key. @returns false when it did not fit; an older value of the key is gone in any case */
  put(key: Key, entry: ByteBudgetEntry<T>): boolean {
    this.release(key);
    const irreplaceable = entry.irreplaceable ?? false;
    if (irreplaceable) this.#makeRoom(entry.sizeBytes);
    // Losing the last word on a deleted object is worse than passing the budget for as long as its key is queued.
    if (!irreplaceable && this.#usedBytes + entry.sizeBytes > this.#budgetBytes) return false;
    this.#entries.set(key, { value: entry.value, sizeBytes: entry.sizeBytes, irreplaceable });
    this.#usedBytes += entry.sizeBytes;
    return true;
  }

  release(key: Key): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#usedBytes -= entry.sizeBytes;
  }

  #makeRoom(sizeBytes: number): void {
    for (const [key, entry] of this.#entries) {
      if (this.#usedBytes + sizeBytes <= this.#budgetBytes) return;
      if (!entry.irreplaceable) this.release(key);
    }
  }
}
