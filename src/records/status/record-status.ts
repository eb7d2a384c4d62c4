// SPDX-License-Identifier: Apache-2.0
import { type Condition, setConditions } from '../../api/v1alpha1/condition.ts';
import type { ProvenanceRecordStatus } from '../../api/v1alpha1/provenance-record/schema.ts';
import { warningCount } from '../../api/v1alpha1/warning.ts';
import { sealStatus } from '../seal/seal.ts';
import type { SecretValue } from '../../runtime/secret-value.ts';
import type { TrustedRecord } from '../read-record.ts';
import { recordConditions, storedCount } from './record-conditions.ts';
import type { RecordFacts } from './record-facts.ts';
import { storageEntries } from './storage-entries.ts';

/** The status for these facts, with the seal over its storage entries. */
export function recordStatus(
  record: TrustedRecord,
  facts: RecordFacts,
  context: { readonly now: Date; readonly sealKey: SecretValue },
): ProvenanceRecordStatus {
  const { metadata, status } = record.object;
  const conditions = setConditions(status?.conditions, recordConditions(facts), context.now);
  const [ready] = conditions;
  const storage = storageEntries(facts.backends ?? []);
  const { namespace, name, uid } = metadata;
  return {
    observedGeneration: facts.generation,
    conditions,
    storage,
    stored: facts.backends === undefined ? '0/0' : storedCount(facts.backends),
    subjects: subjectCount(record),
    warnings: warningCount(facts.warnings ?? []),
    ...(ready === undefined ? {} : { reason: ready.reason, message: ready.message }),
    seal: sealStatus({ key: context.sealKey, namespace, name, uid, storage }),
  };
}

/** The number of subjects of the attestation; without one, of the distinct signed images. */
function subjectCount({ object }: TrustedRecord): number {
  const artifacts = object.evidence?.artifacts ?? [];
  const attestation = artifacts.find(({ type }) => type === 'Attestation');
  if (attestation !== undefined) return attestation.subjectCount;
  return new Set(artifacts.flatMap(({ subjects = [] }) => subjects)).size;
}

/** The condition Ready of a status. */
export function readyOf(status: { readonly conditions?: readonly Condition[] } | undefined): Condition | undefined {
  return status?.conditions?.find(({ type }) => type === 'Ready');
}
