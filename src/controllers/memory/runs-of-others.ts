// SPDX-License-Identifier: Apache-2.0
import type { RecordKey } from '../../records/record-key.ts';
import { approximateSizeBytes } from '../../runtime/cache/approximate-size.ts';
import { type Shard, shardOf } from '../../runtime/shards/shard.ts';
import { parseRunKey, type RunKey } from '../../tekton/run-key.ts';

/** The memory for the last states of deleted runs. */
const BUDGET_BYTES = 32 * 1024 * 1024;

interface Awaited {
  /** The records that the run still lacks. */
  readonly records: Set<RecordKey>;
  /** The last state of a run that was deleted. */
  readonly last?: { readonly object: unknown; readonly sizeBytes: number };
}

/** A run that was waiting for its records. `last` is its last state, if it was deleted. */
export interface WaitingRun {
  readonly key: RunKey;
  readonly last: unknown;
}

/**
 * The finished runs of shards that other replicas hold, until their records are seen. A replica that takes such a shard continues with them.
 * Nobody else can: a deleted run cannot be read again.
 */
export class RunsOfOthers {
  readonly #runs = new Map<RunKey, Awaited>();
  readonly #budgetBytes: number;
  #usedBytes = 0;

  constructor(budgetBytes = BUDGET_BYTES) {
    this.#budgetBytes = budgetBytes;
  }

  get size(): number {
    return this.#runs.size;
  }

  /** The bytes of the last states that are kept. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Notes that the run waits for these records. What is kept of its last state stays. */
  note(key: RunKey, records: readonly RecordKey[]): void {
    const { last } = this.#runs.get(key) ?? {};
    this.#runs.set(key, { records: new Set(records), ...(last === undefined ? {} : { last }) });
  }

  /** Keeps the last state of a run that was deleted before its records were seen. The oldest make room. */
  keep(key: RunKey, records: readonly RecordKey[], object: unknown): void {
    this.forget(key);
    const sizeBytes = approximateSizeBytes(object);
    this.#usedBytes += sizeBytes;
    this.#runs.set(key, { records: new Set(records), last: { object, sizeBytes } });
    for (const [old, { last }] of this.#runs) {
      if (this.#usedBytes <= this.#budgetBytes) return;
      if (last !== undefined && old !== key) this.forget(old);
    }
  }

  /** A record of a run is complete. @returns true when it was the last one */
  recorded(key: RunKey, record: RecordKey): boolean {
    const awaited = this.#runs.get(key);
    if (awaited?.records.delete(record) !== true || awaited.records.size > 0) return false;
    this.forget(key);
    return true;
  }

  forget(key: RunKey): void {
    const awaited = this.#runs.get(key);
    this.#runs.delete(key);
    this.#usedBytes -= awaited?.last?.sizeBytes ?? 0;
  }

  /** Hands over the runs of a shard that this replica holds now. */
  take(shard: Shard): readonly WaitingRun[] {
    const taken: WaitingRun[] = [];
    for (const [key, { last }] of this.#runs) {
      if (shardOf(parseRunKey(key).namespace) !== shard) continue;
      taken.push({ key, last: last?.object });
      this.forget(key);
    }
    return taken;
  }
}
