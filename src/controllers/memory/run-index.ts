// SPDX-License-Identifier: Apache-2.0

/** The UIDs of the runs that exist. Beyond this, the watch keeps the key, UID and version of a run. */
export class RunIndex {
  readonly #uids = new Map<string, string>();
  readonly #existing = new Set<string>();
  /** Kinds whose first list is complete; until all are, an unknown run may still exist. */
  readonly #synced = new Set<string>();
  readonly #kinds: readonly string[];

  constructor(kinds: readonly string[] = ['TaskRun', 'PipelineRun']) {
    this.#kinds = kinds;
  }

  get size(): number {
    return this.#existing.size;
  }

  /** @param key names the run without its UID */
  set(key: string, uid: string): void {
    this.remove(key);
    this.#uids.set(key, uid);
    this.#existing.add(uid);
  }

  /** @returns the UID of the run that was known under the key */
  remove(key: string): string | undefined {
    const uid = this.#uids.get(key);
    this.#uids.delete(key);
    if (uid !== undefined) this.#existing.delete(uid);
    return uid;
  }

  synced(kind: string): void {
    this.#synced.add(kind);
  }

  /** True when the run exists; undefined while that is unknown. */
  has(uid: string): boolean | undefined {
    if (this.#existing.has(uid)) return true;
    return this.#kinds.every((kind) => this.#synced.has(kind)) ? false : undefined;
  }
}
