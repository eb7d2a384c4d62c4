// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import type { Location } from '../driver.ts';

/** The messages that this process has appended, so that it does not append them again: Kafka itself cannot tell. */
export class StoredMessages {
  readonly #locations: LRUCache<string, Location>;

  /** @param limit how many it remembers, the latest */
  constructor(limit: number) {
    this.#locations = new LRUCache({ max: limit });
  }

  location(key: string): Location | undefined {
    return this.#locations.get(key);
  }

  remember(key: string, location: Location): void {
    this.#locations.set(key, location);
  }

  /** A message that was found gone may be appended again. */
  forget(uri: string): void {
    for (const [key, location] of [...this.#locations.entries()]) if (location.uri === uri) this.#locations.delete(key);
  }
}
