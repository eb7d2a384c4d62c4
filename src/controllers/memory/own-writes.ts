// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../../runtime/clock.ts';

/** By then a watch has delivered what was written, or begun anew and skipped it. */
const REMEMBERED_MS = 60_000;

/** No version of an object: that of a write whose answer was lost. */
const UNKNOWN = 'unknown';

interface OwnWrite {
  readonly version: string;
  readonly untilMs: number;
}

/**
 * The version of each record that this process wrote last, until the watch delivers it. A watch trails behind the answers to writes:
 * whoever decided by what it delivered before would do again what is done, and sign, log or upload it a second time.
 */
export class OwnWrites {
  readonly #clock: Clock;
  /** The oldest first. */
  readonly #writes = new Map<string, OwnWrite>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wrote(recordKey: string, version: string): void {
    const nowMs = this.#clock.monotonicMs();
    this.#writes.delete(recordKey);
    this.#writes.set(recordKey, { version, untilMs: nowMs + REMEMBERED_MS });
    for (const [key, { untilMs }] of this.#writes) {
      if (untilMs > nowMs) return;
      this.#writes.delete(key);
    }
  }

  /**
   * Waits for a write. When it fails it may have arrived all the same, so that for a while nothing is decided by what the watch delivers:
   * the record is read from the API server instead.
   */
  async certain<T>(recordKey: string, write: Promise<T>): Promise<T> {
    try {
      return await write;
    } catch (error) {
      this.wrote(recordKey, UNKNOWN);
      throw error;
    }
  }

  /** True when it is not known what became of the last write. */
  isUncertain(recordKey: string): boolean {
    return this.#writes.get(recordKey)?.version === UNKNOWN && this.mayPrecede(recordKey, '');
  }

  /** The watch has come as far as this version; versions are opaque, so only the very one that was written tells anything. */
  delivered(recordKey: string, version: string): void {
    if (this.#writes.get(recordKey)?.version === version) this.#writes.delete(recordKey);
  }

  /** Forgets a record that is gone. */
  forget(recordKey: string): void {
    this.#writes.delete(recordKey);
  }

  /** Whether a version that the watch delivered may be older than what this process wrote. */
  mayPrecede(recordKey: string, version: string): boolean {
    const write = this.#writes.get(recordKey);
    return write !== undefined && write.version !== version && write.untilMs > this.#clock.monotonicMs();
  }
}
