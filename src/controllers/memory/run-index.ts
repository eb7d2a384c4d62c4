// SPDX-License-Identifier: Apache-2.0

/** Which runs exist. What stays in memory of a run is this, and what its watch keeps: key, UID and version. */
export class RunIndex {
  readonly #uids = new Map<string, string>();
  readonly #known = new Set<string>();
  /** Kinds whose first list is complete; before all are, a run that is not known may still exist. */
  readonly #synced = new Set<string>();
  readonly #kinds: readonly string[];

  constructor(kinds: readonly string[] = ['TaskRun', 'PipelineRun']) {
    this.#kinds = kinds;
  }

  get size(): number {
    return this.#known.size;
  }

  /** @param key names the run without its UID */
  set(key: string, uid: string): void {
    this.remove(key);
    this.#uids.set(key, uid);
    this.#known.add(uid);
  }

  /** @returns the UID of the run that was known under the key */
  remove(key: string): string | undefined {
    const uid = this.#uids.get(key);
    this.#uids.delete(key);
    if (uid !== undefined) this.#known.delete(uid);
    return uid;
  }

  synced(kind: string): void {
    this.#synced.add(kind);
  }

  /** Whether the run exists; undefined while that is not known yet. */
  has(uid: string): boolean | undefined {
    if (this.#known.has(uid)) return true;
    return this.#kinds.every((kind) => this.#synced.has(kind)) ? false : undefined;
  }
}
