// SPDX-License-Identifier: Apache-2.0
import type { Reason } from '../../api/v1alpha1/reasons.ts';
import type { RecordSummary } from '../../records/record-summary.ts';
import { NamespacedMap } from './namespaced-map.ts';
import type { RecordKey } from '../../records/record-key.ts';

/** The records that the watch has delivered, and the run of each. */
export class RecordIndex {
  readonly #records = new NamespacedMap<RecordSummary>();
  /** The records that need more than retirement. */
  readonly #open = new NamespacedMap<RecordSummary>();
  /** The records that this process is removing because they retire. */
  readonly #retiring = new Set<RecordKey>();
  readonly #byRun = new Map<string, Set<RecordKey>>();
  #sizeBytes = 0;

  get(key: RecordKey): RecordSummary | undefined {
    return this.#records.get(key);
  }

  get size(): number {
    return this.#records.size;
  }

  /** About what all records take in etcd. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** The records of a namespace, or of all when it is empty. */
  all(namespace = ''): Iterable<RecordSummary> {
    return this.#records.values(namespace);
  }

  /** The records of a namespace, or of all when it is empty, that need more than retirement. */
  open(namespace = ''): Iterable<RecordSummary> {
    return this.#open.values(namespace);
  }

  /** The number of records per reason of their condition Ready. */
  countByReason(): ReadonlyMap<Reason, number> {
    const counts = new Map<Reason, number>();
    for (const { reason } of this.#records.values()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    return counts;
  }

  /** The keys of the records about a run. */
  ofRun(runUID: string): readonly RecordKey[] {
    return [...(this.#byRun.get(runUID) ?? [])];
  }

  set(record: RecordSummary): void {
    const { key, runUID, isSettled } = record;
    const before = this.#records.get(key);
    if (before?.runUID !== runUID) this.#forgetRun(before);
    this.#sizeBytes += record.sizeBytes - (before?.sizeBytes ?? 0);
    this.#records.set(key, record);
    if (isSettled) this.#open.delete(key);
    else this.#open.set(key, record);
    if (runUID === undefined) return;
    const keys = this.#byRun.get(runUID) ?? new Set();
    keys.add(key);
    this.#byRun.set(runUID, keys);
  }

  /**
   * Sets a record after an own write, unless the watch delivered another version meanwhile. That is this one or a newer one, because the
   * write succeeded on the version that it replaced.
   */
  setWritten(record: RecordSummary, replacedVersion: string): void {
    const indexed = this.#records.get(record.key);
    if (indexed === undefined || indexed.resourceVersion === replacedVersion) this.set(record);
  }

  /** @returns the summary that it had */
  remove(key: RecordKey): RecordSummary | undefined {
    const record = this.#records.get(key);
    this.#records.delete(key);
    this.#sizeBytes -= record?.sizeBytes ?? 0;
    this.#open.delete(key);
    this.#retiring.delete(key);
    this.#forgetRun(record);
    return record;
  }

  /** Marks a record that this process removes because it retires. */
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
