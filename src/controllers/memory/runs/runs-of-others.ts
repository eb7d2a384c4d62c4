// SPDX-License-Identifier: Apache-2.0
import type { RecordKey } from '../../../records/record-key.ts';
import { approximateSizeBytes } from '../../../runtime/cache/approximate-size.ts';
import { Shares } from '../../../runtime/shares.ts';
import { type Shard, shardOf } from '../../../runtime/shards/shard.ts';
import { parseRunKey, type RunKey } from '../../../tekton/run-key.ts';
import { isRunOutline, runOutline } from '../../../tekton/run-outline.ts';

/** The memory for the last states of deleted runs. */
const BUDGET_BYTES = 32 * 1024 * 1024;

/** The last state of a run that was deleted, or its outline where there is no room for more. */
interface LastState {
  readonly object: unknown;
  readonly sizeBytes: number;
  readonly isOutline: boolean;
}

/** A run that was waiting for its records. `last` is its last state, if it was deleted. */
export interface WaitingRun {
  readonly key: RunKey;
  readonly last: unknown;
}

/**
 * The finished runs of shards that other replicas hold, until their records are seen. A replica that takes such a shard continues with them,
 * because a deleted run cannot be read again.
 */
export class RunsOfOthers {
  /** The records that each run still lacks. */
  readonly #waiting = new Map<Shard, Map<RunKey, Set<RecordKey>>>();
  /** The last states of deleted runs, the oldest first. */
  readonly #lastStates = new Map<RunKey, LastState>();
  readonly #budgetBytes: number;
  /** The bytes of each namespace's last states. */
  readonly #shares = new Shares();

  constructor(budgetBytes = BUDGET_BYTES) {
    this.#budgetBytes = budgetBytes;
  }

  get size(): number {
    return [...this.#waiting.values()].reduce((sum, runs) => sum + runs.size, 0);
  }

  /** The bytes of the last states that are kept. */
  get usedBytes(): number {
    return this.#shares.total;
  }

  /** Notes that the run waits for these records. Its last state stays, if it is kept. */
  note(key: RunKey, records: readonly RecordKey[]): void {
    const shard = shardOfRun(key);
    const runs = this.#waiting.get(shard) ?? new Map<RunKey, Set<RecordKey>>();
    this.#waiting.set(shard, runs.set(key, new Set(records)));
  }

  /**
   * Keeps the last state of a run that was deleted before its records were seen. The oldest of the namespace that has most of them make
   * room: their outlines stay, from which their records can still be made. Outlines go only where they fill the memory alone.
   */
  keep(key: RunKey, records: readonly RecordKey[], object: unknown): void {
    this.forget(key);
    this.note(key, records);
    this.#put(key, object, isRunOutline(object));
    while (this.usedBytes > this.#budgetBytes) {
      const old = this.#oldestOf(this.#shares.largest(), key);
      if (old === undefined) return;
      const last = this.#lastStates.get(old);
      if (last === undefined || last.isOutline) this.forget(old);
      else this.#put(old, runOutline(last.object), true);
    }
  }

  /** A record of a run is complete. @returns true when it was the last one */
  recorded(key: RunKey, record: RecordKey): boolean {
    const records = this.#waiting.get(shardOfRun(key))?.get(key);
    if (records?.delete(record) !== true || records.size > 0) return false;
    this.forget(key);
    return true;
  }

  forget(key: RunKey): void {
    this.#waiting.get(shardOfRun(key))?.delete(key);
    this.#shares.add(parseRunKey(key).namespace, -(this.#lastStates.get(key)?.sizeBytes ?? 0));
    this.#lastStates.delete(key);
  }

  #put(key: RunKey, object: unknown, isOutline: boolean): void {
    const { namespace } = parseRunKey(key);
    const sizeBytes = approximateSizeBytes(object);
    this.#shares.add(namespace, sizeBytes - (this.#lastStates.get(key)?.sizeBytes ?? 0));
    this.#lastStates.set(key, { object, sizeBytes, isOutline });
  }

  /** The oldest whole state of a namespace, else its oldest outline; never the one of `newest`. */
  #oldestOf(namespace: string | undefined, newest: RunKey): RunKey | undefined {
    let outline: RunKey | undefined;
    for (const [key, { isOutline }] of this.#lastStates) {
      if (key === newest || parseRunKey(key).namespace !== namespace) continue;
      if (!isOutline) return key;
      outline ??= key;
    }
    return outline;
  }

  /** Hands over the runs of a shard that this replica holds now. */
  take(shard: Shard): readonly WaitingRun[] {
    const keys = [...(this.#waiting.get(shard)?.keys() ?? [])];
    const taken = keys.map((key) => ({ key, last: this.#lastStates.get(key)?.object }));
    for (const key of keys) this.forget(key);
    return taken;
  }
}

function shardOfRun(key: RunKey): Shard {
  return shardOf(parseRunKey(key).namespace);
}
