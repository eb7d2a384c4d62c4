// SPDX-License-Identifier: Apache-2.0

/** The objects of a kind with few and small objects, such as policies and backends, as the watch last delivered them. */
export class ObjectStore<Key extends string> {
  readonly #objects = new Map<Key, unknown>();

  get(key: Key): unknown {
    return this.#objects.get(key);
  }

  set(key: Key, object: unknown): void {
    this.#objects.set(key, object);
  }

  remove(key: Key): void {
    this.#objects.delete(key);
  }

  keys(): readonly Key[] {
    return [...this.#objects.keys()];
  }
}
