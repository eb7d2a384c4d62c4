// SPDX-License-Identifier: Apache-2.0
import type { Reason } from '../../../api/v1alpha1/reasons.ts';
import type { RecordUse } from '../../../pipelines/ceilings/record-excess.ts';
import type { PolicyName } from '../../../pipelines/policy-key.ts';
import type { RecordSummary } from '../../../records/record-summary.ts';
import { NamespacedMap } from './namespaced-map.ts';
import { NamespaceUse } from './namespace-use.ts';
import { OldestWaiting } from './oldest-waiting.ts';
import { type SettledRecord, SettledRecords } from './settled-records.ts';
import { UnannotatedRecords } from './unannotated-records.ts';
import { namespaceOfRecord, type RecordKey } from '../../../records/record-key.ts';

/** The records that the watch has delivered, and the run of each. */
export class RecordIndex {
  /** The records that need more than retirement. */
  readonly #open = new NamespacedMap<RecordSummary>();
  readonly #openOfRun = new Map<string, Set<RecordKey>>();
  readonly #settled = new SettledRecords();
  /** The records that this process is removing because they retire. */
  readonly #retiring = new Set<RecordKey>();
  readonly #use = new NamespaceUse();
  readonly #unannotated = new UnannotatedRecords();
  readonly #oldestWaiting = new OldestWaiting((namespace) => this.#open.values(namespace));
  readonly #onSmaller = new Set<(namespace: string) => void>();
  #sizeBytes = 0;

  get(key: RecordKey): RecordSummary | undefined {
    return this.#open.get(key) ?? this.#settled.get(key);
  }

  get size(): number {
    return this.#open.size + this.#settled.size;
  }

  /** About what all records take in etcd. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Called with the namespace of each record that takes less room than it did. */
  onSmaller(listener: (namespace: string) => void): void {
    this.#onSmaller.add(listener);
  }

  /** The records of a namespace that ceilings bound. */
  use(namespace: string): RecordUse {
    return this.#use.in(namespace);
  }

  /** True while runs of a policy lack the annotations of Tekton Chains because the operator may not patch them. */
  hasUnannotated(policy: PolicyName): boolean {
    return this.#unannotated.has(policy);
  }

  /** The namespaces that have records. */
  get namespaces(): readonly string[] {
    return [...new Set([...this.#open.namespaces, ...this.#settled.namespaces])];
  }

  /** The records of a namespace, or of all when it is empty. */
  *all(namespace = ''): Generator<RecordSummary, void, undefined> {
    yield* this.#open.values(namespace);
    yield* this.#settled.values(namespace);
  }

  /** The records of a namespace, or of all when it is empty, that need more than retirement. */
  open(namespace = ''): Iterable<RecordSummary> {
    return this.#open.values(namespace);
  }

  /** The number of records per reason of their condition Ready, in the namespaces for which `isCounted` returns true. */
  countByReason(isCounted: (namespace: string) => boolean): ReadonlyMap<Reason, number> {
    const counts = new Map<Reason, number>();
    const add = (reason: Reason, count: number): unknown => counts.set(reason, (counts.get(reason) ?? 0) + count);
    for (const namespace of this.namespaces) {
      if (!isCounted(namespace)) continue;
      for (const { reason } of this.#open.values(namespace)) add(reason, 1);
      for (const reason of this.#settled.reasons(namespace)) add(reason, 1);
    }
    return counts;
  }

  /**
   * The end of the run of the oldest record that is still to be signed or stored, in milliseconds since the epoch, by namespace, where
   * `isCounted` returns true.
   */
  oldestWaiting(isCounted: (namespace: string) => boolean): ReadonlyMap<string, number> {
    return this.#oldestWaiting.times(isCounted);
  }

  /** The keys of the records about a run. */
  ofRun(runUID: string): readonly RecordKey[] {
    return [...(this.#openOfRun.get(runUID) ?? []), ...this.#settled.ofRun(runUID)];
  }

  set(record: RecordSummary): void {
    const before = this.get(record.key);
    this.#replace(before, record);
    if (before === undefined || record.sizeBytes >= before.sizeBytes) return;
    for (const listener of this.#onSmaller) listener(namespaceOfRecord(record.key));
  }

  /**
   * Sets a record after an own write, unless the watch delivered another version meanwhile. That is this one or a newer one, because the
   * write succeeded on the version that it replaced.
   */
  setWritten(record: RecordSummary, replacedVersion: string): void {
    const indexed = this.get(record.key);
    if (indexed === undefined || indexed.resourceVersion === replacedVersion) this.set(record);
  }

  /** @returns the summary that it had */
  remove(key: RecordKey): RecordSummary | undefined {
    const record = this.get(key);
    this.#uncount(record);
    this.#removeOpen(key);
    this.#settled.delete(key);
    this.#oldestWaiting.forget(key);
    this.#retiring.delete(key);
    return record;
  }

  /** Marks a record that this process removes because it retires. */
  setRetiring(key: RecordKey, isRetiring: boolean): void {
    if (isRetiring && this.get(key) !== undefined) this.#retiring.add(key);
    else this.#retiring.delete(key);
  }

  isRetiring(key: RecordKey): boolean {
    return this.#retiring.has(key);
  }

  #replace(before: RecordSummary | undefined, record: RecordSummary): void {
    const { key } = record;
    this.#uncount(before);
    this.#sizeBytes += record.sizeBytes;
    this.#use.add(record);
    this.#unannotated.add(record);
    this.#removeOpen(key);
    if (isSettled(record)) {
      this.#settled.set(record);
      this.#oldestWaiting.forget(key);
      return;
    }
    this.#settled.delete(key);
    this.#open.set(key, record);
    this.#oldestWaiting.note(record);
    if (record.runUID === undefined) return;
    const keys = this.#openOfRun.get(record.runUID) ?? new Set();
    keys.add(key);
    this.#openOfRun.set(record.runUID, keys);
  }

  #uncount(record: RecordSummary | undefined): void {
    if (record === undefined) return;
    this.#sizeBytes -= record.sizeBytes;
    this.#use.remove(record);
    this.#unannotated.remove(record);
  }

  #removeOpen(key: RecordKey): void {
    const record = this.#open.get(key);
    if (record === undefined) return;
    this.#open.delete(key);
    if (record.runUID === undefined) return;
    const keys = this.#openOfRun.get(record.runUID);
    keys?.delete(key);
    if (keys?.size === 0) this.#openOfRun.delete(record.runUID);
  }
}

/** A record that is not trusted is never settled, and a trusted one has all fields. */
function isSettled(record: RecordSummary): record is SettledRecord {
  const { isTrusted, runUID, runKey, policy, retained } = record;
  const isWhole = runUID !== undefined && runKey !== undefined && policy !== undefined && retained !== undefined;
  return record.isSettled && isTrusted && isWhole;
}
