// SPDX-License-Identifier: Apache-2.0
import type { RecordSummary } from '../../../records/record-summary.ts';
import type { RecordIndex } from './record-index.ts';
import type { RecordKey } from '../../../records/record-key.ts';

/**
 * The record whose evidence a run's annotations hold. Chains' annotation names have room for one payload per run: the first record keeps
 * them, and those of other policies report a conflict instead of overwriting it.
 */
export class AnnotationOwners {
  readonly #records: RecordIndex;
  /** Claims by run UID that no settled record states in its status yet. */
  readonly #claims = new Map<string, RecordKey>();

  constructor(records: RecordIndex) {
    this.#records = records;
  }

  /** Claims the run's annotations for a record. @returns the key of the owner: this record, or an earlier one */
  claim(runUID: string, key: RecordKey): RecordKey {
    const claimed = this.#claims.get(runUID);
    if (claimed !== undefined) return claimed;
    const stated = this.#records.ofRun(runUID).map((other) => this.#records.get(other));
    const owner = stated.find((record) => record?.annotatesRun === true);
    if (owner?.isSettled !== true) this.#claims.set(runUID, owner?.key ?? key);
    return owner?.key ?? key;
  }

  /** Forgets the claim of a settled record whose status states it. */
  settled({ runUID, key, annotatesRun }: Pick<RecordSummary, 'runUID' | 'key' | 'annotatesRun'>): void {
    if (annotatesRun && runUID !== undefined) this.release(runUID, key);
  }

  /** Releases the claim of a record that is gone. */
  release(runUID: string, key: RecordKey): void {
    if (this.#claims.get(runUID) === key) this.#claims.delete(runUID);
  }
}
