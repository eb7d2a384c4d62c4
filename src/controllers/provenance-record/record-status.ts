// SPDX-License-Identifier: Apache-2.0
import { type Condition, setConditions } from '../../api/v1alpha1/condition.ts';
import type { ProvenanceRecordStatus, StorageEntry } from '../../api/v1alpha1/provenance-record/schema.ts';
import { canonicalJson } from '../../evidence/canonical-json.ts';
import { sealStatus } from '../../evidence/seal.ts';
import type { SecretValue } from '../../runtime/secret-value.ts';
import type { TrustedRecord } from './read-record.ts';
import { recordConditions, storedCount } from './record-conditions.ts';
import type { BackendFact, RecordFacts, VerificationFact } from './record-facts.ts';

const MAX_LOCATIONS = 1024;
const MAX_URI_LENGTH = 2048;
const MAX_MESSAGE_LENGTH = 4096;

/** The status that these facts come to, with its seal over what is stored. */
export function recordStatus(
  record: TrustedRecord,
  facts: RecordFacts,
  context: { readonly now: Date; readonly sealKey: SecretValue },
): ProvenanceRecordStatus {
  const { metadata, status } = record.object;
  const conditions = setConditions(status?.conditions, recordConditions(facts), context.now);
  const [ready] = conditions;
  const storage = (facts.backends ?? []).map(storageEntry);
  const { namespace, name, uid } = metadata;
  return {
    observedGeneration: facts.generation,
    conditions,
    storage,
    stored: facts.backends === undefined ? '0/0' : storedCount(facts.backends),
    ...(ready === undefined ? {} : { reason: ready.reason, message: ready.message }),
    seal: sealStatus({ key: context.sealKey, namespace, name, uid, storage }),
  };
}

/** Whether a status says anything that the other does not. */
export function isSameStatus(a: ProvenanceRecordStatus | undefined, b: ProvenanceRecordStatus): boolean {
  return a !== undefined && canonicalJson(a) === canonicalJson(b);
}

/** The condition Ready of a status. */
export function readyOf(status: { readonly conditions?: readonly Condition[] } | undefined): Condition | undefined {
  return status?.conditions?.find(({ type }) => type === 'Ready');
}

/** What a status says of one backend. */
export function storageEntry(fact: BackendFact): StorageEntry {
  const {
    backendRef,
    state,
    artifacts,
    locations,
    problem,
    storedTime,
    attempts = 0,
    nextAttemptTime,
    verification,
  } = fact;
  return {
    backendRef,
    state,
    ...(artifacts === undefined ? {} : { artifacts }),
    ...(locations.length === 0 ? {} : { locations: locations.slice(0, MAX_LOCATIONS).map(boundedLocation) }),
    ...(problem === undefined ? {} : { reason: problem.reason, message: problem.message.slice(0, MAX_MESSAGE_LENGTH) }),
    ...(storedTime === undefined ? {} : { storedTime }),
    ...(attempts === 0 ? {} : { attempts }),
    ...(nextAttemptTime === undefined ? {} : { nextAttemptTime }),
    ...(fact.isBackfill === true ? { isBackfill: true } : {}),
    ...(verification === undefined ? {} : { verification: boundedVerification(verification) }),
  };
}

function boundedLocation({
  uri,
  digest,
  artifact,
}: BackendFact['locations'][number]): NonNullable<StorageEntry['locations']>[number] {
  return {
    uri: uri.slice(0, MAX_URI_LENGTH),
    ...(digest === undefined ? {} : { digest }),
    ...(artifact === undefined ? {} : { artifact }),
  };
}

function boundedVerification({ state, message }: VerificationFact): NonNullable<StorageEntry['verification']> {
  return { state, ...(message === undefined ? {} : { message: message.slice(0, MAX_MESSAGE_LENGTH) }) };
}
