// SPDX-License-Identifier: Apache-2.0
import type { Reason } from '../../api/v1alpha1/reasons.ts';
import type { RecordSummary } from '../../records/record-summary.ts';
import { NamespacedMap } from './namespaced-map.ts';
import type { RecordKey } from '../../records/record-key.ts';

/** All records that the watch knows of, and which run each is about. */
export class RecordIndex {
  readonly #records = new NamespacedMap<RecordSummary>();
  /** Those that something is left to do for. */
  readonly #open = new NamespacedMap<RecordSummary>();
  /** Keys of those that this process removes because their time is over. */
  readonly #retiring = new Set<RecordKey>();
  readonly #byRun = new Map<string, Set<RecordKey>>();

  get(key: RecordKey): RecordSummary | undefined {
    return this.#records.get(key);
  }

  get size(): number {
    return this.#records.size;
  }

  /** The records of a namespace, or of all when it is empty. */
  all(namespace = ''): Iterable<RecordSummary> {
    return this.#records.values(namespace);
  }

  /** The records among them that something other than retirement is left to do for. */
  open(namespace = ''): Iterable<RecordSummary> {
    return this.#open.values(namespace);
  }

  /** How many records there are by the reason of their condition Ready. */
  countByReason(): ReadonlyMap<Reason, number> {
    const counts = new Map<Reason, number>();
    for (const { reason } of this.#records.values()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    return counts;
  }

  /** Keys of the records about a run. */
  ofRun(runUID: string): readonly RecordKey[] {
    return [...(this.#byRun.get(runUID) ?? [])];
  }

  set(record: RecordSummary): void {
    const { key, runUID, isSettled } = record;
    const before = this.#records.get(key);
    if (before?.runUID !== runUID) this.#forgetRun(before);
    this.#records.set(key, record);
    if (isSettled) this.#open.delete(key);
    else this.#open.set(key, record);
    if (runUID === undefined) return;
    const keys = this.#byRun.get(runUID) ?? new Set();
    keys.add(key);
    this.#byRun.set(runUID, keys);
  }

  /**
   * Sets what an own write made of a record, unless the watch delivered another version meanwhile. That is this one or a newer one: the
   * write succeeded on the very version that it replaced.
   */
  setWritten(record: RecordSummary, replacedVersion: string): void {
    const known = this.#records.get(record.key);
    if (known === undefined || known.resourceVersion === replacedVersion) this.set(record);
  }

  /** @returns what was known of it */
  remove(key: RecordKey): RecordSummary | undefined {
    const record = this.#records.get(key);
    this.#records.delete(key);
    this.#open.delete(key);
    this.#retiring.delete(key);
    this.#forgetRun(record);
    return record;
  }

  /** Notes whether this process is about to remove the record because its time is over. */
  setRetiring(key: RecordKey, isRetiring: boolean): void {
    if (isRetiring && this.#records.has(key)) this.#retiring.add(key);
    else this.#retiring.delete(key);
  }

  isRetiring(key: RecordKey): boolean {
    return this.#retiring.has(key);
  }

  #forgetRun(record: RecordSummary | undefined): void {
    if (record?.runUID === undefined) return;
    const keys = this.#byRun.get(record.runUID);
    keys?.delete(record.key);
    if (keys?.size === 0) this.#byRun.delete(record.runUID);
  }
}
