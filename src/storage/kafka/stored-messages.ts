// SPDX-License-Identifier: Apache-2.0
import type { Location } from '../driver.ts';

/** What this process has appended, so that it does not append it again: Kafka itself cannot tell. */
export class StoredMessages {
  readonly #limit: number;
  readonly #locations = new Map<string, Location>();

  /** @param limit how many it remembers, the latest. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  location(key: string): Location | undefined {
    return this.#locations.get(key);
  }

  remember(key: string, location: Location): void {
    this.#locations.set(key, location);
    const [oldest] = this.#locations.keys();
    if (this.#locations.size > this.#limit && oldest !== undefined) this.#locations.delete(oldest);
  }

  /** A message that was found gone may be appended again. */
  forget(uri: string): void {
    for (const [key, location] of this.#locations) if (location.uri === uri) this.#locations.delete(key);
  }
}
