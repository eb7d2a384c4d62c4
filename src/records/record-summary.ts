// SPDX-License-Identifier: Apache-2.0
import type { ProvenanceRecord } from '../api/v1alpha1/provenance-record/schema.ts';
import { knownReason, type Reason, reasons } from '../api/v1alpha1/reasons.ts';
import { jsonSizeBytes } from '../json/json-size.ts';
import { withoutStoredPayloads } from './dropped-payloads.ts';
import { awaitsAnnotation, lacksAnnotation } from './run-annotation.ts';
import { isStoredCompletely } from './stored-completely.ts';
import type { ForgedRecord, TrustedRecord } from './read-record.ts';
import type { RetainedRecord } from './retirement.ts';
import type { PolicyName } from '../pipelines/policy-key.ts';
import { runKey, type RunKey } from '../tekton/run-key.ts';
import { recordKey, type RecordKey } from './record-key.ts';

/** The part of a record that the process keeps in memory. */
export interface RecordSummary {
  readonly key: RecordKey;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly isTrusted: boolean;
  /** Absent for a record that is not trusted. */
  readonly runUID?: string;
  readonly runKey?: RunKey;
  readonly policy?: PolicyName;
  /** The fields that its retirement depends on; absent for a record that is not trusted. */
  readonly retained?: RetainedRecord;
  /** True when only its run can take it further: it has no payload yet, or no backends. */
  readonly needsRun: boolean;
  /** True when it is signed and stored, or audited, its run annotated where the policy asks, sealed with the key of today, and without payloads to drop: only retirement is left. */
  readonly isSettled: boolean;
  /** True when a backend holds anything of it. */
  readonly isHeld: boolean;
  /** The number of backends that hold something of it and are not verified. */
  readonly unverifiedCount: number;
  /** True when the annotations of its run hold its evidence. */
  readonly annotatesRun: boolean;
  /** True when its run lacks the annotations of Tekton Chains because the operator may not patch it. */
  readonly lacksAnnotation: boolean;
  /** About what it takes in etcd; 0 for one that is not trusted. */
  readonly sizeBytes: number;
  /** The reason of its condition Ready. */
  readonly reason: Reason;
}

const NULL_BYTES = 'null'.length;

/** Summarises a record that was read. */
export function summariseRecord(record: TrustedRecord | ForgedRecord): RecordSummary {
  const key = recordKey(record.isTrusted ? record.object.metadata : record);
  if (!record.isTrusted) {
    const { uid, resourceVersion } = record;
    const nothing = {
      isTrusted: false,
      needsRun: false,
      isSettled: false,
      isHeld: false,
      unverifiedCount: 0,
      annotatesRun: false,
      lacksAnnotation: false,
      sizeBytes: 0,
    };
    return { key, uid, resourceVersion, ...nothing, reason: reasons.VerificationFailed };
  }
  const { metadata, spec, evidence, status } = record.object;
  const held = record.storage.filter(({ state, locations = [] }) => state === 'Stored' && locations.length > 0);
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const isObserved = ready?.observedGeneration === metadata.generation;
  const isCurrent = isObserved && ready.status === 'True';
  const isSettled =
    record.needsReseal !== true && ((isCurrent && isDone(record)) || (isObserved && hasNothingToSign(record)));
  return {
    key,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    isTrusted: true,
    runUID: spec.runRef.uid,
    runKey: runKey({ ...spec.runRef, namespace: metadata.namespace }),
    policy: record.policy,
    retained: retainedPart(spec),
    needsRun: (evidence?.artifacts ?? []).length === 0 || spec.backendRefs === undefined,
    isSettled,
    isHeld: held.length > 0,
    unverifiedCount: held.filter(({ verification }) => verification?.state !== 'Verified').length,
    annotatesRun: record.storage.some(({ locations = [] }) => locations.some(({ uri }) => uri.startsWith('tekton://'))),
    lacksAnnotation: lacksAnnotation(status),
    sizeBytes: sizeBytes(record.object, isSettled),
    reason: knownReason(ready?.reason) ?? reasons.Progressing,
  };
}

/** Sizes of evidence, most of a record, which its versions share until it is settled. */
const evidenceSizes = new WeakMap<object, number>();

function sizeBytes(record: ProvenanceRecord, isSettled: boolean): number {
  if (isSettled || record.evidence === undefined) return jsonSizeBytes(record);
  const { evidence, ...others } = record;
  const size = evidenceSizes.get(evidence) ?? jsonSizeBytes(evidence);
  evidenceSizes.set(evidence, size);
  return jsonSizeBytes({ ...others, evidence: null }) - NULL_BYTES + size;
}

function retainedPart({ completionTime, retention }: RetainedRecord): RetainedRecord {
  return retention === undefined ? { completionTime } : { completionTime, retention };
}

/** True when everything is signed and stored, and dropped where it may be; or audited as the policy asked. */
function isDone(record: TrustedRecord): boolean {
  const { spec, evidence } = record.object;
  if (spec.mode === 'Audit') return (evidence?.artifacts ?? []).length > 0;
  if (awaitsAnnotation(record.object.status)) return false;
  return isStoredCompletely(record) && withoutStoredPayloads(record) === undefined;
}

/** True when the run has nothing that its policy signs: the record reports that, and is done until the policy changes. */
export function hasNothingToSign({ object: { evidence } }: Pick<TrustedRecord, 'object'>): boolean {
  return (evidence?.artifacts ?? []).length === 0 && evidence?.problem?.reason === reasons.NoSubjects;
}
