// SPDX-License-Identifier: Apache-2.0
import { DECIMAL, NumberColumn } from '../../runtime/columns/number-column.ts';
import { RowNumbers } from '../../runtime/columns/row-numbers.ts';
import { UuidColumn } from '../../runtime/columns/uuid-column.ts';

/** The UID and version of each object that a list-watch delivered, as a table, because there may be very many. */
export class KnownObjects {
  readonly #rows = new Map<string, number>();
  readonly #numbers = new RowNumbers();
  readonly #keys: string[] = [];
  readonly #uids = new UuidColumn();
  readonly #versions = new NumberColumn(DECIMAL);
  /** The list that last had the object. */
  readonly #lists: number[] = [];
  #list = 0;

  get size(): number {
    return this.#rows.size;
  }

  has(key: string): boolean {
    return this.#rows.has(key);
  }

  /** The UID of the object that was delivered under the key. */
  uid(key: string): string | undefined {
    const row = this.#rows.get(key);
    return row === undefined ? undefined : this.#uids.get(row);
  }

  /** True if exactly this version of this object was delivered; it then counts as seen by the current list. */
  isCurrent(key: string, uid: string, resourceVersion: string): boolean {
    const row = this.#rows.get(key);
    if (row === undefined || this.#versions.get(row) !== resourceVersion || this.#uids.get(row) !== uid) return false;
    this.#lists[row] = this.#list;
    return true;
  }

  /** True when the object was delivered, or found unchanged, since the list under way began. */
  isListed(key: string): boolean {
    const row = this.#rows.get(key);
    return row !== undefined && this.#lists[row] === this.#list;
  }

  /** True if the key was delivered as another object, deleted since. */
  isReplaced(key: string, uid: string): boolean {
    const row = this.#rows.get(key);
    return row !== undefined && this.#uids.get(row) !== uid;
  }

  /** @returns the key as the text that is kept, so that others can keep the same one */
  set(key: string, uid: string, resourceVersion: string): string {
    const row = this.#rows.get(key) ?? this.#add(key);
    this.#uids.set(row, uid);
    this.#versions.set(row, resourceVersion);
    this.#lists[row] = this.#list;
    return this.#keys[row] ?? key;
  }

  delete(key: string): boolean {
    const row = this.#rows.get(key);
    if (row === undefined) return false;
    this.#rows.delete(key);
    this.#keys[row] = '';
    this.#uids.delete(row);
    this.#versions.delete(row);
    this.#numbers.giveBack(row);
    return true;
  }

  /** Begins a list: what it does not have is gone at its end. */
  beginList(): void {
    this.#list += 1;
  }

  /** Ends the list. @returns the keys of the objects that it did not have */
  endList(): readonly string[] {
    const vanished: string[] = [];
    for (const [key, row] of this.#rows) if (this.#lists[row] !== this.#list) vanished.push(key);
    return vanished;
  }

  #add(key: string): number {
    const row = this.#numbers.take();
    this.#rows.set(key, row);
    this.#keys[row] = key;
    return row;
  }
}
