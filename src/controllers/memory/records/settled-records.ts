// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../../../api/v1alpha1/kinds.ts';
import { namespaceOfRecord, type RecordKey } from '../../../records/record-key.ts';
import { runNameIn } from '../../../records/record-name.ts';
import type { RecordSummary } from '../../../records/record-summary.ts';
import { DECIMAL, NumberColumn, SECONDS_IN_UTC } from '../../../runtime/columns/number-column.ts';
import { RowNumbers } from '../../../runtime/columns/row-numbers.ts';
import { UuidColumn } from '../../../runtime/columns/uuid-column.ts';
import { parseRunKey, runKey } from '../../../tekton/run-key.ts';
import { NamespacedMap } from './namespaced-map.ts';
import { SharedParts } from './shared-parts.ts';

/** The summary of a record that is settled: every field is there. */
export interface SettledRecord extends Required<Omit<RecordSummary, 'isTrusted' | 'isSettled'>> {
  readonly isTrusted: true;
  readonly isSettled: true;
}

/** The part of a settled record that very many records have in common. */
type SharedPart = Omit<
  SettledRecord,
  'key' | 'uid' | 'resourceVersion' | 'runUID' | 'runKey' | 'retained' | 'sizeBytes'
> & {
  readonly runKind: RunKind;
  readonly retention: SettledRecord['retained']['retention'];
};

/**
 * The summaries of settled records, which are nearly all that a cluster has: a table with a row a record, and one object for what rows have
 * in common. A summary is made anew each time it is asked for.
 */
export class SettledRecords {
  readonly #rows = new NamespacedMap<number>();
  readonly #numbers = new RowNumbers();
  readonly #keys: RecordKey[] = [];
  readonly #uids = new UuidColumn();
  readonly #versions = new NumberColumn(DECIMAL);
  readonly #runUIDs = new UuidColumn();
  /** The names of runs that are too long for their record's name. */
  readonly #longRunNames = new Map<number, string>();
  readonly #completionTimes = new NumberColumn(SECONDS_IN_UTC);
  readonly #sizes: number[] = [];
  readonly #parts = new SharedParts<SharedPart>();
  readonly #partOf: SharedPart[] = [];
  /** A row whose run has this hash, and the next row of those that share theirs with another. */
  readonly #firstOfHash = new Map<number, number>();
  readonly #nextOfHash = new Map<number, number>();

  get size(): number {
    return this.#rows.size;
  }

  get(key: RecordKey): RecordSummary | undefined {
    const row = this.#rows.get(key);
    return row === undefined ? undefined : this.#summary(row);
  }

  /** The records of a namespace, or of all when it is empty. */
  *values(namespace = ''): Generator<RecordSummary, void, undefined> {
    for (const row of this.#rows.values(namespace)) {
      const summary = this.#summary(row);
      if (summary !== undefined) yield summary;
    }
  }

  /** The namespaces that have records. */
  get namespaces(): readonly string[] {
    return this.#rows.namespaces;
  }

  /** The reason of the condition Ready of each record of a namespace. */
  *reasons(namespace: string): Generator<RecordSummary['reason'], void, undefined> {
    for (const row of this.#rows.values(namespace)) {
      const part = this.#partOf[row];
      if (part !== undefined) yield part.reason;
    }
  }

  /** The keys of the records about a run. */
  ofRun(runUID: string): readonly RecordKey[] {
    const keys: RecordKey[] = [];
    for (let row = this.#firstOfHash.get(hashOf(runUID)); row !== undefined; row = this.#nextOfHash.get(row)) {
      const key = this.#keys[row];
      if (key !== undefined && this.#runUIDs.get(row) === runUID) keys.push(key);
    }
    return keys;
  }

  set(record: SettledRecord): void {
    const { key, uid, resourceVersion, runUID, retained, sizeBytes } = record;
    // The watch has the same text as its key once it delivered the record.
    this.delete(key);
    const row = this.#numbers.take();
    this.#rows.set(key, row);
    this.#keys[row] = key;
    this.#uids.set(row, uid);
    this.#versions.set(row, resourceVersion);
    this.#runUIDs.set(row, runUID);
    this.#completionTimes.set(row, retained.completionTime);
    this.#sizes[row] = sizeBytes;
    const { kind, name } = parseRunKey(record.runKey);
    this.#partOf[row] = this.#parts.take(sharedPart(record, kind));
    if (runNameIn(key) !== name) this.#longRunNames.set(row, name);
    const hash = hashOf(runUID);
    this.#setNext(row, this.#firstOfHash.get(hash));
    this.#firstOfHash.set(hash, row);
  }

  delete(key: RecordKey): boolean {
    const row = this.#rows.get(key);
    const part = row === undefined ? undefined : this.#partOf[row];
    if (row === undefined || part === undefined) return false;
    this.#unlink(row);
    this.#rows.delete(key);
    this.#parts.giveBack(part);
    this.#longRunNames.delete(row);
    for (const column of [this.#uids, this.#versions, this.#runUIDs, this.#completionTimes]) column.delete(row);
    this.#numbers.giveBack(row);
    return true;
  }

  #summary(row: number): RecordSummary | undefined {
    const key = this.#keys[row];
    const part = this.#partOf[row];
    if (key === undefined || part === undefined) return undefined;
    const { runKind: kind, retention, ...shared } = part;
    const uid = this.#runUIDs.get(row);
    const completionTime = this.#completionTimes.get(row);
    const namespace = namespaceOfRecord(key);
    return {
      ...shared,
      key,
      uid: this.#uids.get(row),
      resourceVersion: this.#versions.get(row),
      runUID: uid,
      runKey: runKey({ kind, namespace, name: this.#longRunNames.get(row) ?? runNameIn(key), uid }),
      sizeBytes: this.#sizes[row] ?? 0,
      retained: retention === undefined ? { completionTime } : { completionTime, retention },
    };
  }

  #unlink(row: number): void {
    const hash = hashOf(this.#runUIDs.get(row));
    const next = this.#nextOfHash.get(row);
    this.#nextOfHash.delete(row);
    let before = this.#firstOfHash.get(hash);
    if (before === row) {
      if (next === undefined) this.#firstOfHash.delete(hash);
      else this.#firstOfHash.set(hash, next);
      return;
    }
    while (before !== undefined && this.#nextOfHash.get(before) !== row) before = this.#nextOfHash.get(before);
    if (before !== undefined) this.#setNext(before, next);
  }

  #setNext(row: number, next: number | undefined): void {
    if (next === undefined) this.#nextOfHash.delete(row);
    else this.#nextOfHash.set(row, next);
  }
}

function sharedPart(record: SettledRecord, runKind: RunKind): SharedPart {
  const { policy, needsRun, isHeld, unverifiedCount, annotatesRun, lacksAnnotation, reason } = record;
  const { retention } = record.retained;
  const facts = { isTrusted: true, isSettled: true, needsRun, isHeld, unverifiedCount } as const;
  return { ...facts, annotatesRun, lacksAnnotation, policy, reason, runKind, retention };
}

/** An integer of 31 bits, which a map keeps without an object. */
function hashOf(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index += 1) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash >> 1;
}
