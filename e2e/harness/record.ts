// SPDX-License-Identifier: Apache-2.0
import type { Condition } from '../../src/api/v1alpha1/condition.ts';
import { parseProvenanceRecord } from '../../src/api/v1alpha1/parsing/parse.ts';
import type { ProvenanceRecord, StorageEntry } from '../../src/api/v1alpha1/provenance-record/schema.ts';

/** A record as the API server hands it out, in its exact type. */
export function parseRecord(object: unknown): ProvenanceRecord {
  const parsed = parseProvenanceRecord(object);
  if (!parsed.ok) throw new Error(`not a ProvenanceRecord: ${parsed.message}`);
  return parsed.value;
}

/** A condition of a record (`Ready` by default). */
export function conditionOf(record: ProvenanceRecord, type = 'Ready'): Condition | undefined {
  return record.status?.conditions?.find((condition) => condition.type === type);
}

/** The storage entry of a record for the backend of this name. */
export function storageOf(record: ProvenanceRecord, backend: string): StorageEntry | undefined {
  return record.status?.storage?.find(({ backendRef }) => backendRef.name === backend);
}

/** The signatures of a record, by artifact name. */
export function signaturesOf(record: ProvenanceRecord): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries((record.evidence?.artifacts ?? []).map(({ name, signature }) => [name, signature]));
}
