// SPDX-License-Identifier: Apache-2.0
import { objectMetadata } from '../../kube/object-metadata.ts';
import { objectKey } from '../../kube/resource.ts';
import type { ListWatchHandler } from '../../kube/watch/list-watch-options.ts';
import { approximateSizeBytes } from '../../runtime/cache/approximate-size.ts';
import type { ByteBudgetCache } from '../../runtime/cache/byte-budget-cache.ts';
import type { KeyedQueue } from '../../runtime/queue/keyed-queue.ts';
import type { SecretValue } from '../../runtime/secret-value.ts';
import type { GuardObserver } from '../deletion-guard/guard-observer.ts';
import type { AnnotationOwners } from '../memory/records/annotation-owners.ts';
import type { FailingSeals } from '../memory/records/failing-seals.ts';
import { type ForgedRecord, readRecord, type TrustedRecord } from '../../records/read-record.ts';
import type { RecordIndex } from '../memory/records/record-index.ts';
import { type RecordSummary, summariseRecord } from '../../records/record-summary.ts';
import type { OwnWrites } from '../memory/records/own-writes.ts';
import type { RunKey } from '../../tekton/run-key.ts';
import { namespaceOfRecord, type RecordKey } from '../../records/record-key.ts';

/** A delivered record: the object, and the result of reading it and checking its seal. */
export interface DeliveredRecord {
  readonly read: TrustedRecord | ForgedRecord;
  readonly object: unknown;
}

/** A delivered record, for scheduling its verification. */
export interface DeliveredStorage {
  /** Number of backends that the previous delivery left unverified. */
  readonly unverifiedBefore: number;
  readonly now: RecordSummary;
}

export interface RecordEventHandlerOptions {
  readonly records: RecordIndex;
  readonly ownWrites: OwnWrites;
  readonly failingSeals: FailingSeals;
  readonly owners: AnnotationOwners;
  readonly cache: ByteBudgetCache<DeliveredRecord, RecordKey>;
  /** True when this replica does the work of the namespace. */
  readonly owns: (namespace: string) => boolean;
  /** The finished runs that other replicas record. */
  readonly others: { recorded(run: RunKey, record: RecordKey): void };
  readonly guards: Pick<GuardObserver, 'recordDelivered' | 'recordRemoved'>;
  readonly queue: KeyedQueue;
  /** Schedules the read-back of its evidence. */
  readonly scheduleVerification: (storage: DeliveredStorage) => void;
  /** Plans the retirement of a settled record. */
  readonly planRetirement: (record: RecordSummary) => void;
  /** Forgets everything that is kept for a record until it is settled. */
  readonly forgetWork: (key: RecordKey) => void;
  /** Removes a deleted record from all other queues. */
  readonly forget: (key: RecordKey) => void;
  /** Enqueues a run whose record was deleted. */
  readonly requeueRun: (runKey: RunKey, record: RecordSummary) => void;
  readonly onSynced: () => void;
}

/** Reads a delivered record and checks its seals; one that answers an own write was read and checked already. */
export function projectRecord(
  object: unknown,
  {
    sealKey,
    previousSealKey,
    ownWrites,
  }: {
    readonly sealKey: SecretValue;
    readonly previousSealKey?: SecretValue | undefined;
    readonly ownWrites: Pick<OwnWrites, 'answered' | 'sent'>;
  },
): DeliveredRecord | undefined {
  const metadata = objectMetadata(object);
  if (metadata === undefined) return undefined;
  const key = objectKey(metadata);
  const answer = ownWrites.answered(key, metadata);
  if (answer !== undefined) return { read: answer, object: answer.object };
  const read = readRecord(object, sealKey, { previousSealKey, known: ownWrites.sent(key) });
  return read === undefined ? undefined : { read, object };
}

/**
 * Keeps the index of records, and enqueues those that need more than retirement. A settled record is neither kept nor enqueued: its summary
 * in the index says when it is read back again and when it retires. Only the summary is kept of a record that another replica works on.
 */
export function recordEventHandler(options: RecordEventHandlerOptions): ListWatchHandler<DeliveredRecord> {
  const { records, ownWrites, owners, cache, queue, forget, forgetWork, owns, others } = options;
  const { requeueRun, scheduleVerification, planRetirement, onSynced } = options;
  /** The number of unverified backends at the last delivery. The index does not have it: an own write updates it before its event arrives. */
  const unverified = new Map<string, number>();
  const verify = (now: RecordSummary): void => {
    const { key, unverifiedCount } = now;
    scheduleVerification({ unverifiedBefore: unverified.get(key) ?? 0, now });
    if (unverifiedCount > 0) unverified.set(key, unverifiedCount);
    else unverified.delete(key);
  };
  return {
    upsert(key, delivered, origin) {
      const { read, object } = delivered;
      const summary = inheriting(records.get(key), summariseRecord(read), key);
      ownWrites.delivered(key, summary.resourceVersion);
      options.failingSeals.note(read);
      records.set(summary);
      verify(summary);
      planRetirement(summary);
      options.guards.recordDelivered(summary);
      if (summary.runKey !== undefined && summary.isTrusted && !summary.needsRun) others.recorded(summary.runKey, key);
      if (summary.isSettled || !owns(namespaceOfRecord(key))) {
        if (summary.isSettled) owners.settled(summary);
        cache.release(key);
        forgetWork(key);
        return;
      }
      cache.put(key, { value: delivered, sizeBytes: approximateSizeBytes(object) });
      if (origin === 'Event') queue.add(key);
      else queue.addIdle(key);
    },
    remove(key) {
      const isRetiring = records.isRetiring(key);
      const record = records.remove(key);
      unverified.delete(key);
      ownWrites.forget(key);
      options.failingSeals.forget(key);
      forgetWork(key);
      cache.release(key);
      queue.remove(key);
      forget(key);
      if (record !== undefined) options.guards.recordRemoved(record);
      // The run of a retired record is out of scope, so it need not be read.
      if (record?.runKey !== undefined && !isRetiring) requeueRun(record.runKey, record);
      if (record?.runUID === undefined) return;
      // Another policy's record may have waited for the run's annotations.
      owners.release(record.runUID, key);
      for (const other of records.ofRun(record.runUID)) {
        if (records.get(other)?.isSettled === false) queue.add(other);
      }
    },
    synced: onSynced,
  };
}

/**
 * A record that is not trusted any more is still about the run that it was about before.
 * @param key the same text as the watch keeps
 */
function inheriting(before: RecordSummary | undefined, read: RecordSummary, key: RecordKey): RecordSummary {
  const now = { ...read, key };
  if (now.isTrusted || before?.uid !== now.uid) return now;
  const { runUID, runKey, policy } = before;
  return {
    ...now,
    ...(runUID === undefined ? {} : { runUID }),
    ...(runKey === undefined ? {} : { runKey }),
    ...(policy === undefined ? {} : { policy }),
  };
}
