// SPDX-License-Identifier: Apache-2.0
import type { StorageEntry } from '../../../api/v1alpha1/provenance-record/schema.ts';
import type { TrustedRecord } from '../../../records/read-record.ts';
import { recordKey, type RecordKey } from '../../../records/record-key.ts';

interface Stored {
  readonly uid: string;
  readonly entries: Map<string, StorageEntry>;
}

/**
 * Storage entries that a backend confirmed and no status holds yet, because the status write failed or met a conflict. They are written
 * first, instead of storing a second time: to a queue such as Kafka that would send a second message.
 */
export class UnconfirmedStores {
  readonly #records = new Map<RecordKey, Stored>();

  /** The number of records whose status lacks something that is stored. */
  get size(): number {
    return this.#records.size;
  }

  has(key: RecordKey): boolean {
    return this.#records.has(key);
  }

  note({ object }: TrustedRecord, entry: StorageEntry): void {
    const { uid } = object.metadata;
    const key = recordKey(object.metadata);
    const kept = this.#records.get(key);
    const entries = kept?.uid === uid ? kept.entries : new Map<string, StorageEntry>();
    entries.set(nameOf(entry), entry);
    this.#records.set(key, { uid, entries });
  }

  /** The record with the entries that its status lacks; entries that its status holds are forgotten. */
  completed(record: TrustedRecord): TrustedRecord {
    const { metadata } = record.object;
    const key = recordKey(metadata);
    const kept = this.#records.get(key);
    if (kept === undefined) return record;
    for (const written of record.storage) {
      const entry = kept.entries.get(nameOf(written));
      if (written.state === 'Stored' && written.storedTime === entry?.storedTime) kept.entries.delete(nameOf(written));
    }
    if (kept.uid !== metadata.uid || kept.entries.size === 0) {
      this.#records.delete(key);
      return record;
    }
    const others = record.storage.filter((entry) => !kept.entries.has(nameOf(entry)));
    return { ...record, storage: [...others, ...kept.entries.values()] };
  }

  /** Forgets a record that is gone, or whose status is complete. */
  forget(key: RecordKey): void {
    this.#records.delete(key);
  }
}

function nameOf({ backendRef: { kind, name } }: StorageEntry): string {
  return `${kind}/${name}`;
}
