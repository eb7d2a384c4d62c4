// SPDX-License-Identifier: Apache-2.0

/** The objects of a kind of which there are few and small ones: policies and backends, as the watch delivered them last. */
export class ObjectStore {
  readonly #objects = new Map<string, unknown>();

  get(key: string): unknown {
    return this.#objects.get(key);
  }

  set(key: string, object: unknown): void {
    this.#objects.set(key, object);
  }

  remove(key: string): void {
    this.#objects.delete(key);
  }

  keys(): readonly string[] {
    return [...this.#objects.keys()];
  }
}
