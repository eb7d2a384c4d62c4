// SPDX-License-Identifier: Apache-2.0
import type { StorageEntry } from '../../api/v1alpha1/provenance-record/schema.ts';
import type { TrustedRecord } from '../../records/read-record.ts';
import { recordKey, type RecordKey } from '../../records/record-key.ts';

interface Stored {
  readonly uid: string;
  readonly entries: Map<string, StorageEntry>;
}

/**
 * What backends took that the record does not say yet, because the write of its status failed or met another's. It is written then, and
 * not stored a second time: to a queue such as Kafka a second time would be a second message.
 */
export class UnconfirmedStores {
  readonly #records = new Map<RecordKey, Stored>();

  /** How many records do not say all that is stored of them. */
  get size(): number {
    return this.#records.size;
  }

  note({ object }: TrustedRecord, entry: StorageEntry): void {
    const { uid } = object.metadata;
    const key = recordKey(object.metadata);
    const known = this.#records.get(key);
    const entries = known?.uid === uid ? known.entries : new Map<string, StorageEntry>();
    entries.set(nameOf(entry), entry);
    this.#records.set(key, { uid, entries });
  }

  /** The record with what was stored of it; what it says by itself is dropped from memory. */
  completed(record: TrustedRecord): TrustedRecord {
    const { metadata } = record.object;
    const key = recordKey(metadata);
    const known = this.#records.get(key);
    if (known === undefined) return record;
    for (const written of record.storage) {
      const entry = known.entries.get(nameOf(written));
      if (written.state === 'Stored' && written.storedTime === entry?.storedTime) known.entries.delete(nameOf(written));
    }
    if (known.uid !== metadata.uid || known.entries.size === 0) {
      this.#records.delete(key);
      return record;
    }
    const others = record.storage.filter((entry) => !known.entries.has(nameOf(entry)));
    return { ...record, storage: [...others, ...known.entries.values()] };
  }

  /** Forgets a record that is gone, or that says all. */
  forget(key: RecordKey): void {
    this.#records.delete(key);
  }
}

function nameOf({ backendRef: { kind, name } }: StorageEntry): string {
  return `${kind}/${name}`;
}
