// SPDX-License-Identifier: Apache-2.0
import { type Reason, reasons } from '../../api/v1alpha1/reasons.ts';
import { objectKey } from '../../kube/resource.ts';
import type { PolicyKey } from '../../pipelines/definitions.ts';
import { backfillRefs } from '../../records/backfill-request.ts';
import { hasNothingToSign } from '../../records/has-nothing-to-sign.ts';
import { NamespacedMap } from './namespaced-map.ts';
import type { ForgedRecord, TrustedRecord } from '../../records/read-record.ts';
import { isDoneWith } from '../../records/storage-state.ts';
import type { RetainedRecord } from '../../records/retirement.ts';

/** What stays in memory of one record. */
export interface RecordSummary {
  readonly key: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly isTrusted: boolean;
  /** Absent for a record that is not trusted. */
  readonly runUID?: string;
  readonly runKey?: string;
  readonly policy?: PolicyKey;
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

/** All records that the watch knows of, and which run each is about. */
export class RecordIndex {
  readonly #records = new NamespacedMap<RecordSummary>();
  /** Those that something is left to do for. */
  readonly #open = new NamespacedMap<RecordSummary>();
  /** Keys of those that this process removes because their time is over. */
  readonly #retiring = new Set<string>();
  readonly #byRun = new Map<string, Set<string>>();

  get(key: string): RecordSummary | undefined {
    return this.#records.get(key);
  }

  get size(): number {
    return this.#records.size;
  }

  /** The records of a namespace, or of all when it is empty. */
  all(namespace = ''): Iterable<RecordSummary> {
    return this.#records.values(namespace);
  }

  /** The records among them that something other than retirement is left to do for. */
  open(namespace = ''): Iterable<RecordSummary> {
    return this.#open.values(namespace);
  }

  /** How many records there are by the reason of their condition Ready. */
  countByReason(): ReadonlyMap<Reason, number> {
    const counts = new Map<Reason, number>();
    for (const { reason } of this.#records.values()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    return counts;
  }

  /** Keys of the records about a run. */
  ofRun(runUID: string): readonly string[] {
    return [...(this.#byRun.get(runUID) ?? [])];
  }

  set(record: RecordSummary): void {
    const { key, runUID, isSettled } = record;
    const before = this.#records.get(key);
    if (before?.runUID !== runUID) this.#forgetRun(before);
    this.#records.set(key, record);
    if (isSettled) this.#open.delete(key);
    else this.#open.set(key, record);
    if (runUID === undefined) return;
    const keys = this.#byRun.get(runUID) ?? new Set();
    keys.add(key);
    this.#byRun.set(runUID, keys);
  }

  /**
   * Sets what an own write made of a record, unless the watch delivered another version meanwhile. That is this one or a newer one: the
   * write succeeded on the very version that it replaced.
   */
  setWritten(record: RecordSummary, replacedVersion: string): void {
    const known = this.#records.get(record.key);
    if (known === undefined || known.resourceVersion === replacedVersion) this.set(record);
  }

  /** Sets a record that was just created, unless the watch delivered it meanwhile. */
  setCreated(record: RecordSummary): void {
    if (this.#records.get(record.key)?.uid !== record.uid) this.set(record);
  }

  /** @returns what was known of it */
  remove(key: string): RecordSummary | undefined {
    const record = this.#records.get(key);
    this.#records.delete(key);
    this.#open.delete(key);
    this.#retiring.delete(key);
    this.#forgetRun(record);
    return record;
  }

  /** Notes whether this process is about to remove the record because its time is over. */
  setRetiring(key: string, isRetiring: boolean): void {
    if (isRetiring && this.#records.has(key)) this.#retiring.add(key);
    else this.#retiring.delete(key);
  }

  isRetiring(key: string): boolean {
    return this.#retiring.has(key);
  }

  #forgetRun(record: RecordSummary | undefined): void {
    if (record?.runUID === undefined) return;
    const keys = this.#byRun.get(record.runUID);
    keys?.delete(record.key);
    if (keys?.size === 0) this.#byRun.delete(record.runUID);
  }
}

interface RunName {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** The key under which a run is queued: `TaskRun/team-a/bake-1/<uid>`, so that a later run of the same name is another key. */
export function runKey({ kind, namespace, name, uid }: RunName): string {
  return `${kind}/${namespace}/${name}/${uid}`;
}

/** What the index keeps of a record that was read. */
export function summariseRecord(record: TrustedRecord | ForgedRecord): RecordSummary {
  const key = objectKey(record.isTrusted ? record.object.metadata : record);
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
