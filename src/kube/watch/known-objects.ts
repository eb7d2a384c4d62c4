// SPDX-License-Identifier: Apache-2.0

interface Known {
  readonly uid: string;
  readonly resourceVersion: string;
  /** The list that last had the object. */
  list: number;
}

/** The UID and version of each object that a list-watch delivered. */
export class KnownObjects {
  readonly #known = new Map<string, Known>();
  #list = 0;

  get size(): number {
    return this.#known.size;
  }

  has(key: string): boolean {
    return this.#known.has(key);
  }

  /** True if exactly this version of this object was delivered; it then counts as seen by the current list. */
  isCurrent(key: string, uid: string, resourceVersion: string): boolean {
    const delivered = this.#known.get(key);
    if (delivered?.uid !== uid || delivered.resourceVersion !== resourceVersion) return false;
    delivered.list = this.#list;
    return true;
  }

  /** True when the object was delivered, or found unchanged, since the list under way began. */
  isListed(key: string): boolean {
    return this.#known.get(key)?.list === this.#list;
  }

  /** True if the key was delivered as another object, deleted since. */
  isReplaced(key: string, uid: string): boolean {
    const delivered = this.#known.get(key);
    return delivered !== undefined && delivered.uid !== uid;
  }

  set(key: string, uid: string, resourceVersion: string): void {
    this.#known.set(key, { uid, resourceVersion, list: this.#list });
  }

  delete(key: string): boolean {
    return this.#known.delete(key);
  }

  /** Begins a list: what it does not have is gone at its end. */
  beginList(): void {
    this.#list += 1;
  }

  /** Ends the list and forgets what it did not have. @returns the keys that vanished */
  endList(): readonly string[] {
    const vanished: string[] = [];
    for (const [key, delivered] of this.#known) if (delivered.list !== this.#list) vanished.push(key);
    for (const key of vanished) this.#known.delete(key);
    return vanished;
  }
}
