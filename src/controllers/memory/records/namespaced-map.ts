// SPDX-License-Identifier: Apache-2.0
import { namespaceOfRecord, type RecordKey } from '../../../records/record-key.ts';

/** A map by object key that can list the values of one namespace. */
export class NamespacedMap<T> {
  readonly #namespaces = new Map<string, Map<RecordKey, T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The namespaces that have values. */
  get namespaces(): readonly string[] {
    return [...this.#namespaces.keys()];
  }

  get(key: RecordKey): T | undefined {
    return this.#namespaces.get(namespaceOfRecord(key))?.get(key);
  }

  has(key: RecordKey): boolean {
    return this.#namespaces.get(namespaceOfRecord(key))?.has(key) === true;
  }

  set(key: RecordKey, value: T): void {
    const namespace = namespaceOfRecord(key);
    const values = this.#namespaces.get(namespace) ?? new Map<RecordKey, T>();
    this.#namespaces.set(namespace, values);
    if (!values.has(key)) this.#size += 1;
    values.set(key, value);
  }

  delete(key: RecordKey): void {
    const namespace = namespaceOfRecord(key);
    const values = this.#namespaces.get(namespace);
    if (values?.delete(key) !== true) return;
    this.#size -= 1;
    if (values.size === 0) this.#namespaces.delete(namespace);
  }

  /**
   * The values of a namespace, or of all when it is empty. The map may change between two values: the iteration may or may not see the
   * change.
   */
  *values(namespace = ''): Generator<T, void, undefined> {
    if (namespace !== '') {
      yield* this.#namespaces.get(namespace)?.values() ?? [];
      return;
    }
    for (const values of this.#namespaces.values()) yield* values.values();
  }
}
