// SPDX-License-Identifier: Apache-2.0
import { type ShareLimits, Shares } from '../shares.ts';

export interface ByteBudgetEntry<T> {
  readonly value: T;
  /** The size that counts against the budget. */
  readonly sizeBytes: number;
  /**
   * It cannot be read again (the object of a deletion), and counts for this tenant: makes room by dropping values that can be read, and is
   * kept where the tenant has a share left.
   */
  readonly irreplaceableOf?: string | undefined;
}

/**
 * The objects of queued keys, so that a reconcile need not read them again. It is a convenience within a budget: what does not
 * fit is dropped, and a caller that misses reads from the API server.
 */
export class ByteBudgetCache<T, Key extends string = string> {
  readonly #budgetBytes: number;
  readonly #entries = new Map<Key, ByteBudgetEntry<T>>();
  /** The bytes of values that cannot be read again. */
  readonly #irreplaceable: Shares;
  #usedBytes = 0;

  /** @param shares of values that cannot be read again; the whole budget for any tenant when absent */
  constructor(budgetBytes: number, shares?: ShareLimits) {
    this.#budgetBytes = budgetBytes;
    this.#irreplaceable = new Shares(shares ?? { total: budgetBytes, perTenant: budgetBytes, assured: 0 });
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
    return this.#entries.get(key)?.irreplaceableOf !== undefined;
  }

  /** Keeps the newest value of the key. @returns false when it did not fit; an older value of the key is gone in any case */
  put(key: Key, entry: ByteBudgetEntry<T>): boolean {
    this.release(key);
    const { sizeBytes, irreplaceableOf: tenant } = entry;
    if (tenant === undefined) {
      if (this.#usedBytes + sizeBytes > this.#budgetBytes) return false;
    } else {
      if (!this.#irreplaceable.fits(tenant, sizeBytes)) return false;
      this.#irreplaceable.add(tenant, sizeBytes);
      this.#makeRoom(sizeBytes);
    }
    this.#entries.set(key, entry);
    this.#usedBytes += sizeBytes;
    return true;
  }

  release(key: Key): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#usedBytes -= entry.sizeBytes;
    if (entry.irreplaceableOf !== undefined) this.#irreplaceable.add(entry.irreplaceableOf, -entry.sizeBytes);
  }

  #makeRoom(sizeBytes: number): void {
    for (const [key, entry] of this.#entries) {
      if (this.#usedBytes + sizeBytes <= this.#budgetBytes) return;
      if (entry.irreplaceableOf === undefined) this.release(key);
    }
  }
}
