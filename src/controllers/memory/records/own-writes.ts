// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../../../runtime/clock.ts';
import { approximateSizeBytes } from '../../../runtime/cache/approximate-size.ts';
import { ByteBudgetCache } from '../../../runtime/cache/byte-budget-cache.ts';
import type { KnownRecord, TrustedRecord } from '../../../records/read-record.ts';
import type { RecordKey } from '../../../records/record-key.ts';

/** Within this time a watch delivers a write, or restarts and skips it. */
const REMEMBERED_MS = 60_000;

/** The limit for all answers that are kept until the watch delivers them, mostly within milliseconds. */
const ANSWER_BYTES = 8 * 1024 * 1024;

/** Stands for the version of a write whose response was lost. */
const UNKNOWN = 'unknown';

type DeliveredVersion = Pick<TrustedRecord['object']['metadata'], 'uid' | 'resourceVersion'>;

interface OwnWrite {
  readonly version: string;
  readonly untilMs: number;
}

/**
 * The version of the last own write of each record, until the watch delivers it. A watch trails behind the responses to writes: a decision
 * by an older delivery would sign, log or upload a second time.
 */
export class OwnWrites {
  readonly #clock: Clock;
  /** Ordered by time. */
  readonly #writes = new Map<RecordKey, OwnWrite>();
  /** The content of writes under way. */
  readonly #sent = new Map<RecordKey, KnownRecord>();
  readonly #answers = new ByteBudgetCache<TrustedRecord, RecordKey>(ANSWER_BYTES);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes a write by its answer, which was verified. */
  wrote(key: RecordKey, record: TrustedRecord): void {
    this.#note(key, record.object.metadata.resourceVersion);
    this.#answers.put(key, { value: record, sizeBytes: approximateSizeBytes(record.object) });
  }

  /** The record that the watch delivers, if it is the answer to the last own write: the same version need not be verified twice. */
  answered(key: RecordKey, { uid, resourceVersion }: DeliveredVersion): TrustedRecord | undefined {
    const answer = this.#answers.get(key);
    const metadata = answer?.object.metadata;
    return metadata?.uid === uid && metadata.resourceVersion === resourceVersion ? answer : undefined;
  }

  /**
   * Awaits a write. A failed write may have reached the server, so for a while the record is read from the API server and deliveries of the
   * watch are not used.
   */
  async certain<T>(key: RecordKey, write: Promise<T>, sent?: KnownRecord): Promise<T> {
    if (sent !== undefined) this.#sent.set(key, sent);
    try {
      return await write;
    } catch (error) {
      this.#note(key, UNKNOWN);
      throw error;
    } finally {
      if (this.#sent.get(key) === sent) this.#sent.delete(key);
    }
  }

  /** The content that a write under way sent. The watch may deliver it before the answer is here. */
  sent(key: RecordKey): KnownRecord | undefined {
    return this.#sent.get(key);
  }

  /** True when the result of the last write is unknown. */
  isUncertain(key: RecordKey): boolean {
    return this.#writes.get(key)?.version === UNKNOWN && this.mayPrecede(key, '');
  }

  /** Notes a delivery of the watch. Versions are opaque, so only the written version itself proves that the watch has caught up. */
  delivered(key: RecordKey, version: string): void {
    if (this.#writes.get(key)?.version === version) this.forget(key);
  }

  /** Forgets a record that is gone. */
  forget(key: RecordKey): void {
    this.#writes.delete(key);
    this.#answers.release(key);
  }

  /** True when a delivered version may be older than the last own write. */
  mayPrecede(key: RecordKey, version: string): boolean {
    const write = this.#writes.get(key);
    return write !== undefined && write.version !== version && write.untilMs > this.#clock.monotonicMs();
  }

  #note(key: RecordKey, version: string): void {
    const nowMs = this.#clock.monotonicMs();
    this.forget(key);
    this.#writes.set(key, { version, untilMs: nowMs + REMEMBERED_MS });
    for (const [key, { untilMs }] of this.#writes) {
      if (untilMs > nowMs) return;
      this.forget(key);
    }
  }
}
