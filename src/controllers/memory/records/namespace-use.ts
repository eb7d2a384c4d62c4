// SPDX-License-Identifier: Apache-2.0
import type { RecordUse } from '../../../pipelines/ceilings/record-excess.ts';
import { namespaceOfRecord } from '../../../records/record-key.ts';
import type { RecordSummary } from '../../../records/record-summary.ts';

const NOTHING: RecordUse = { records: 0, sizeBytes: 0 };

/** Counts the records of each namespace that ceilings bound: all but those of ClusterSigningPolicies, which are the platform's own. */
export class NamespaceUse {
  readonly #uses = new Map<string, RecordUse>();

  in(namespace: string): RecordUse {
    return this.#uses.get(namespace) ?? NOTHING;
  }

  add(record: RecordSummary): void {
    this.#change(record, 1);
  }

  remove(record: RecordSummary): void {
    this.#change(record, -1);
  }

  #change({ key, policy, sizeBytes }: RecordSummary, by: 1 | -1): void {
    if (policy?.kind === 'ClusterSigningPolicy') return;
    const namespace = namespaceOfRecord(key);
    const before = this.in(namespace);
    const records = before.records + by;
    if (records === 0) this.#uses.delete(namespace);
    else this.#uses.set(namespace, { records, sizeBytes: before.sizeBytes + by * sizeBytes });
  }
}
