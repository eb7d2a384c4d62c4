// SPDX-License-Identifier: Apache-2.0
import type { RecordIndex } from './record-index.ts';
import type { RecordKey } from '../../records/record-key.ts';

/**
 * Whose evidence a run's annotations hold. Chains' annotation names know one payload a run, so where several policies write to
 * one run the first keeps the names, and the others are told instead of overwriting it.
 */
export class AnnotationOwners {
  readonly #records: RecordIndex;
  /** Claims made in this life, by run UID; those of earlier lives are in the records' status. */
  readonly #claims = new Map<string, RecordKey>();

  constructor(records: RecordIndex) {
    this.#records = records;
  }

  /** Claims the run's annotations for a record. @returns the key of the record that has them: this one, or an earlier one */
  claim(runUID: string, key: RecordKey): RecordKey {
    const claimed = this.#claims.get(runUID);
    const earlier = claimed ?? this.#records.ofRun(runUID).find((key) => this.#records.get(key)?.annotatesRun === true);
    const owner = earlier ?? key;
    this.#claims.set(runUID, owner);
    return owner;
  }

  /** Gives up what a record claimed, because it is gone. */
  release(runUID: string, key: RecordKey): void {
    if (this.#claims.get(runUID) === key) this.#claims.delete(runUID);
  }
}
