// SPDX-License-Identifier: Apache-2.0
import type { RecordIndex } from './record-index.ts';
import type { RecordKey } from '../../records/record-key.ts';

/**
 * The record whose evidence a run's annotations hold. Chains' annotation names have room for one payload per run: the first record keeps
 * them, and those of other policies report a conflict instead of overwriting it.
 */
export class AnnotationOwners {
  readonly #records: RecordIndex;
  /** Claims of this process, by run UID; those of earlier processes are in the status of records. */
  readonly #claims = new Map<string, RecordKey>();

  constructor(records: RecordIndex) {
    this.#records = records;
  }

  /** Claims the run's annotations for a record. @returns the key of the owner: this record, or an earlier one */
  claim(runUID: string, key: RecordKey): RecordKey {
    const claimed = this.#claims.get(runUID);
    const earlier = claimed ?? this.#records.ofRun(runUID).find((key) => this.#records.get(key)?.annotatesRun === true);
    const owner = earlier ?? key;
    this.#claims.set(runUID, owner);
    return owner;
  }

  /** Releases the claim of a record that is gone. */
  release(runUID: string, key: RecordKey): void {
    if (this.#claims.get(runUID) === key) this.#claims.delete(runUID);
  }
}
