// SPDX-License-Identifier: Apache-2.0
import { parseObjectKey } from '../../kube/resource.ts';

/** Values by object key, of which those of one namespace can be walked without the others. */
export class NamespacedMap<T> {
  readonly #namespaces = new Map<string, Map<string, T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): T | undefined {
    return this.#namespaces.get(namespaceOf(key))?.get(key);
  }

  has(key: string): boolean {
    return this.#namespaces.get(namespaceOf(key))?.has(key) === true;
  }

  set(key: string, value: T): void {
    const namespace = namespaceOf(key);
    const values = this.#namespaces.get(namespace) ?? new Map<string, T>();
    this.#namespaces.set(namespace, values);
    if (!values.has(key)) this.#size += 1;
    values.set(key, value);
  }

  delete(key: string): void {
    const namespace = namespaceOf(key);
    const values = this.#namespaces.get(namespace);
    if (values?.delete(key) !== true) return;
    this.#size -= 1;
    if (values.size === 0) this.#namespaces.delete(namespace);
  }

  /**
   * The values of a namespace, or of all when it is empty. A walk may be interrupted: what comes or goes meanwhile is seen or not.
   */
  *values(namespace = ''): Generator<T, void, undefined> {
    if (namespace !== '') {
      yield* this.#namespaces.get(namespace)?.values() ?? [];
      return;
    }
    for (const values of this.#namespaces.values()) yield* values.values();
  }
}

function namespaceOf(key: string): string {
  return parseObjectKey(key).namespace ?? '';
}
