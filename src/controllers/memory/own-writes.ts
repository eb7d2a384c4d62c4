// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../../runtime/clock.ts';
import type { RecordKey } from '../../records/record-key.ts';

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
  readonly #writes = new Map<RecordKey, OwnWrite>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wrote(key: RecordKey, version: string): void {
    const nowMs = this.#clock.monotonicMs();
    this.#writes.delete(key);
    this.#writes.set(key, { version, untilMs: nowMs + REMEMBERED_MS });
    for (const [key, { untilMs }] of this.#writes) {
      if (untilMs > nowMs) return;
      this.#writes.delete(key);
    }
  }

  /**
   * Waits for a write. When it fails it may have arrived all the same, so that for a while nothing is decided by what the watch delivers:
   * the record is read from the API server instead.
   */
  async certain<T>(key: RecordKey, write: Promise<T>): Promise<T> {
    try {
      return await write;
    } catch (error) {
      this.wrote(key, UNKNOWN);
      throw error;
    }
  }

  /** True when it is not known what became of the last write. */
  isUncertain(key: RecordKey): boolean {
    return this.#writes.get(key)?.version === UNKNOWN && this.mayPrecede(key, '');
  }

  /** The watch has come as far as this version; versions are opaque, so only the very one that was written tells anything. */
  delivered(key: RecordKey, version: string): void {
    if (this.#writes.get(key)?.version === version) this.#writes.delete(key);
  }

  /** Forgets a record that is gone. */
  forget(key: RecordKey): void {
    this.#writes.delete(key);
  }

  /** Whether a version that the watch delivered may be older than what this process wrote. */
  mayPrecede(key: RecordKey, version: string): boolean {
    const write = this.#writes.get(key);
    return write !== undefined && write.version !== version && write.untilMs > this.#clock.monotonicMs();
  }
}
