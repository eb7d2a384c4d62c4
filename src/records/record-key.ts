// SPDX-License-Identifier: Apache-2.0
import type { KeyOf } from '../runtime/key-of.ts';

/** `team-a/bake-1-release`: a ProvenanceRecord. */
export type RecordKey = KeyOf<'Record'>;

export function recordKey({ namespace, name }: { readonly namespace: string; readonly name: string }): RecordKey {
  return `${namespace}/${name}` as const;
}

export function namespaceOfRecord(key: RecordKey): string {
  return key.slice(0, Math.max(0, key.indexOf('/')));
}
