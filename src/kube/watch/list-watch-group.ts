// SPDX-License-Identifier: Apache-2.0
import { ListWatch } from './list-watch.ts';
import type { ListWatchOptions, WatchSource } from './list-watch-options.ts';
import { resourceName } from '../resource.ts';

/** A list-watch of several namespaces as one: synced once all of them are. */
export class ListWatchGroup<T> implements WatchSource {
  readonly name: string;
  readonly #watches: readonly ListWatch<T>[];

  /** @param namespaces empty: one list-watch of the whole cluster */
  constructor(options: Omit<ListWatchOptions<T>, 'namespace'>, namespaces: readonly string[]) {
    this.name = resourceName(options.resource);
    const scopes = namespaces.length === 0 ? [undefined] : [...new Set(namespaces)];
    let unsynced = scopes.length;
    const handler = {
      upsert: options.handler.upsert.bind(options.handler),
      remove: options.handler.remove.bind(options.handler),
      synced: () => {
        unsynced -= 1;
        if (unsynced === 0) options.handler.synced();
      },
    };
    this.#watches = scopes.map((namespace) => new ListWatch({ ...options, handler, namespace }));
  }

  get synced(): boolean {
    return this.#watches.every((watch) => watch.synced);
  }

  get lastError(): string | undefined {
    return this.#watches.find((watch) => watch.lastError !== undefined)?.lastError;
  }

  get brokenMs(): number {
    return Math.max(...this.#watches.map((watch) => watch.brokenMs));
  }

  get size(): number {
    return this.#watches.reduce((sum, watch) => sum + watch.size, 0);
  }

  has(key: string, uid: string): boolean {
    return this.#watches.some((watch) => watch.has(key, uid));
  }

  start(): void {
    for (const watch of this.#watches) watch.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch.stop()));
  }

  async rescan(options: { readonly namespace?: string | undefined; readonly signal: AbortSignal }): Promise<void> {
    for (const watch of this.#watches) await watch.rescan(options);
  }
}
