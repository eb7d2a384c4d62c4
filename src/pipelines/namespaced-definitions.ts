// SPDX-License-Identifier: Apache-2.0

/** Policies or backends by key, and those of one namespace without a walk through those of others. */
export class NamespacedDefinitions<Key extends string, T> {
  readonly #all = new Map<Key, T>();
  readonly #namespaceOf: (definition: T) => string;
  readonly #namespaces = new Map<string, Map<Key, T>>();

  /** @param namespaceOf empty for a kind of the whole cluster */
  constructor(namespaceOf: (definition: T) => string) {
    this.#namespaceOf = namespaceOf;
  }

  get(key: Key): T | undefined {
    return this.#all.get(key);
  }

  set(key: Key, definition: T): void {
    this.delete(key);
    this.#all.set(key, definition);
    const namespace = this.#namespaceOf(definition);
    this.#namespaces.set(namespace, (this.#namespaces.get(namespace) ?? new Map<Key, T>()).set(key, definition));
  }

  /** @returns false when there was none */
  delete(key: Key): boolean {
    const definition = this.#all.get(key);
    if (definition === undefined) return false;
    this.#all.delete(key);
    const namespace = this.#namespaceOf(definition);
    const others = this.#namespaces.get(namespace);
    others?.delete(key);
    if (others?.size === 0) this.#namespaces.delete(namespace);
    return true;
  }

  values(): IterableIterator<T> {
    return this.#all.values();
  }

  /** The namespaces that have any; the empty one stands for the whole cluster. */
  get namespaces(): readonly string[] {
    return [...this.#namespaces.keys()];
  }

  in(namespace: string): readonly T[] {
    return [...(this.#namespaces.get(namespace)?.values() ?? [])];
  }
}
