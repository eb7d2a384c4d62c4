// SPDX-License-Identifier: Apache-2.0
import { type Reason, reasons } from '../api/v1alpha1/reasons.ts';
import { backfillRefs } from './backfill-request.ts';
import type { ForgedRecord, TrustedRecord } from './read-record.ts';
import type { RetainedRecord } from './retirement.ts';
import { isDoneWith } from './storage-state.ts';
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
  /** What its retirement depends on; absent for a record that is not trusted. */
  readonly retained?: RetainedRecord;
  /** Whether only the run itself can take it further: it has no payload yet, or no backends. */
  readonly needsRun: boolean;
  /** Whether it is signed and stored, or audited: nothing but retirement is left to do. */
  readonly isSettled: boolean;
  /** Whether anything of it is stored somewhere. */
  readonly isHeld: boolean;
  /** How many of the backends that hold something of it were not read back and verified. */
  readonly unverifiedCount: number;
  /** Whether its evidence lies in the annotations of its run. */
  readonly annotatesRun: boolean;
  /** Of its condition Ready. */
  readonly reason: Reason;
}

/** What the index keeps of a record that was read. */
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
    };
    return { key, uid, resourceVersion, ...nothing, reason: reasons.VerificationFailed };
  }
  const { metadata, spec, evidence, status } = record.object;
  const held = record.storage.filter(({ state, locations = [] }) => state === 'Stored' && locations.length > 0);
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const isObserved = ready?.observedGeneration === metadata.generation;
  const isCurrent = isObserved && ready.status === 'True';
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
    isSettled: (isCurrent && isDone(record)) || (isObserved && hasNothingToSign(record)),
    isHeld: held.length > 0,
    unverifiedCount: held.filter(({ verification }) => verification?.state !== 'Verified').length,
    annotatesRun: record.storage.some(({ locations = [] }) => locations.some(({ uri }) => uri.startsWith('tekton://'))),
    reason: Object.values(reasons).find((known) => known === ready?.reason) ?? reasons.Progressing,
  };
}

function retainedPart({ completionTime, retention }: RetainedRecord): RetainedRecord {
  return retention === undefined ? { completionTime } : { completionTime, retention };
}

/** Whether everything of it is signed and stored, or audited as its policy asked. */
function isDone({ object, storage }: TrustedRecord): boolean {
  const { spec, evidence } = object;
  const artifacts = evidence?.artifacts ?? [];
  if (artifacts.length === 0) return false;
  if (spec.mode === 'Audit') return true;
  const backends = spec.backendRefs ?? [];
  const isDoneIn = ({ kind, name }: { readonly kind: string; readonly name: string }): boolean =>
    storage.some(({ backendRef, state }) => isDoneWith(state) && backendRef.kind === kind && backendRef.name === name);
  const isSigned = artifacts.every(({ signature }) => signature !== undefined);
  return isSigned && backends.length > 0 && [...backends, ...backfillRefs(object)].every(isDoneIn);
}

/** True when the run of a record has nothing that its policy signs: the record says so, and is done until the policy changes. */
export function hasNothingToSign({ object: { evidence } }: Pick<TrustedRecord, 'object'>): boolean {
  return (evidence?.artifacts ?? []).length === 0 && evidence?.problem?.reason === reasons.NoSubjects;
}
