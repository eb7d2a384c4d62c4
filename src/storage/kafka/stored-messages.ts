// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import type { Location } from '../stored-evidence.ts';

/** The messages that this process has appended, so that it does not append them again: Kafka cannot detect repetitions. */
export class StoredMessages {
  readonly #locations: LRUCache<string, Location>;

  /** @param limit the most messages to remember */
  constructor(limit: number) {
    this.#locations = new LRUCache({ max: limit });
  }

  location(key: string): Location | undefined {
    return this.#locations.get(key);
  }

  remember(key: string, location: Location): void {
    this.#locations.set(key, location);
  }

  /** Forget a message that no longer exists, so that it may be appended again. */
  forget(uri: string): void {
    for (const [key, location] of [...this.#locations.entries()]) if (location.uri === uri) this.#locations.delete(key);
  }
}
