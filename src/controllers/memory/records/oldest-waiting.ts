// SPDX-License-Identifier: Apache-2.0
import { type Reason, reasons } from '../../../api/v1alpha1/reasons.ts';
import { namespaceOfRecord, type RecordKey } from '../../../records/record-key.ts';
import type { RecordSummary } from '../../../records/record-summary.ts';

interface Oldest {
  readonly key: RecordKey;
  readonly atMs: number;
}

/** Records that wait because someone wants it so, that neither a key nor a backend takes further, and that were stored already. */
const notWaiting: ReadonlySet<Reason> = new Set([
  reasons.Suspended,
  reasons.ChildMissing,
  reasons.ChildReplaced,
  reasons.NoSubjects,
  reasons.SubjectIgnored,
  reasons.SubjectNotAllowed,
  reasons.PayloadInvalid,
  reasons.PayloadTooLarge,
  reasons.PolicyDeleted,
  reasons.RunDeleted,
  reasons.VerificationFailed,
]);

/**
 * The end of the run of the oldest record of each namespace that is still to be signed or stored. Only a namespace whose oldest record is through is looked
 * through again, once it is asked for.
 */
export class OldestWaiting {
  readonly #open: (namespace: string) => Iterable<RecordSummary>;
  readonly #oldest = new Map<string, Oldest>();
  /** Namespaces whose oldest record is to be found again. */
  readonly #unknown = new Set<string>();

  /** @param open the records of a namespace that are not settled */
  constructor(open: (namespace: string) => Iterable<RecordSummary>) {
    this.#open = open;
  }

  /** Notes a record that is not settled. */
  note(record: RecordSummary): void {
    const atMs = waitsSince(record);
    const namespace = namespaceOfRecord(record.key);
    const oldest = this.#oldest.get(namespace);
    if (atMs === undefined) this.forget(record.key);
    else if (oldest === undefined || atMs < oldest.atMs) this.#oldest.set(namespace, { key: record.key, atMs });
  }

  /** Notes that a record is settled or gone. */
  forget(key: RecordKey): void {
    const namespace = namespaceOfRecord(key);
    if (this.#oldest.get(namespace)?.key !== key) return;
    this.#oldest.delete(namespace);
    this.#unknown.add(namespace);
  }

  /** The end of the oldest run in milliseconds since the epoch, by namespace. */
  times(isCounted: (namespace: string) => boolean): ReadonlyMap<string, number> {
    for (const namespace of this.#unknown) this.#find(namespace);
    this.#unknown.clear();
    const counted = [...this.#oldest].filter(([namespace]) => isCounted(namespace));
    return new Map(counted.map(([namespace, { atMs }]) => [namespace, atMs]));
  }

  #find(namespace: string): void {
    for (const record of this.#open(namespace)) this.note(record);
  }
}

function waitsSince({ isTrusted, reason, retained }: RecordSummary): number | undefined {
  if (!isTrusted || retained === undefined || notWaiting.has(reason)) return undefined;
  const atMs = Date.parse(retained.completionTime);
  return Number.isNaN(atMs) ? undefined : atMs;
}
