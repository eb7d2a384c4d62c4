// SPDX-License-Identifier: Apache-2.0
import type { ListWatchHandler } from '../../kube/list-watch-options.ts';
import type { Pipelines } from '../../pipelines/pipelines.ts';
import { approximateSizeBytes } from '../../runtime/approximate-size.ts';
import type { ByteBudgetCache } from '../../runtime/byte-budget-cache.ts';
import type { KeyedQueue } from '../../runtime/keyed-queue.ts';
import type { SecretValue } from '../../runtime/secret-value.ts';
import type { AnnotationOwners } from './annotation-owners.ts';
import { type ForgedRecord, readRecord, type TrustedRecord } from './read-record.ts';
import { type RecordIndex, type RecordSummary, summariseRecord } from './record-index.ts';
import type { OwnWrites } from './own-writes.ts';
import type { DeliveredStorage } from './schedule-verification.ts';
import { retirement } from './retirement.ts';
import type { StoreAttempts } from './store-attempts.ts';
import type { StoredLately } from './stored-lately.ts';
import type { WitnessedLately } from './witnessed-lately.ts';

/** A record as it is delivered: read, its seal checked, and as it came. */
export interface DeliveredRecord {
  readonly read: TrustedRecord | ForgedRecord;
  readonly object: unknown;
}

export interface RecordFeedOptions {
  readonly records: RecordIndex;
  readonly pipelines: Pipelines;
  readonly attempts: StoreAttempts;
  readonly ownWrites: OwnWrites;
  readonly storedLately: StoredLately;
  readonly witnessedLately: WitnessedLately;
  readonly owners: AnnotationOwners;
  readonly cache: ByteBudgetCache<unknown>;
  readonly queue: KeyedQueue;
  /** Plans the look at what is stored of it. */
  readonly scheduleVerification: (storage: DeliveredStorage) => void;
  /** Has a run looked at again whose record is gone. */
  readonly requeueRun: (runKey: string) => void;
  readonly onSynced: () => void;
}

/** What is kept of a record that passes by. */
export function projectRecord(object: unknown, sealKey: SecretValue): DeliveredRecord | undefined {
  const read = readRecord(object, sealKey);
  return read === undefined ? undefined : { read, object };
}

/** Keeps the index of records, and queues those that something is left to do for. */
export function recordFeed(options: RecordFeedOptions): ListWatchHandler<DeliveredRecord> {
  const { records, pipelines, attempts, ownWrites, storedLately, owners, cache, queue } = options;
  const { requeueRun, scheduleVerification, onSynced } = options;
  /** What each delivery before left unverified. The index cannot tell: an own write updates it before its event comes. */
  const unverified = new Map<string, number>();
  const mayRetire = (read: DeliveredRecord['read']): boolean => {
    if (!read.isTrusted) return false;
    const { atMs, withRun } = retirement(read.object.spec, pipelines.policy(read.policy)?.spec);
    return withRun || atMs !== undefined;
  };
  return {
    upsert(key, { read, object }) {
      ownWrites.delivered(key, read.isTrusted ? read.object.metadata.resourceVersion : read.resourceVersion);
      const before = records.get(key);
      const summary = inheriting(before, summariseRecord(read));
      records.set(summary);
      scheduleVerification({ unverifiedBefore: unverified.get(key) ?? 0, now: summary });
      if (summary.unverifiedCount > 0) unverified.set(key, summary.unverifiedCount);
      else unverified.delete(key);
      if (summary.isSettled && !mayRetire(read)) {
        cache.release(key);
        attempts.forget(key);
        storedLately.forget(key);
        return;
      }
      cache.put(key, { value: object, sizeBytes: approximateSizeBytes(object) });
      queue.add(key);
    },
    remove(key) {
      const record = records.remove(key);
      unverified.delete(key);
      attempts.forget(key);
      storedLately.forget(key);
      options.witnessedLately.forget(key);
      cache.release(key);
      if (record?.runKey !== undefined) requeueRun(record.runKey);
      if (record?.runUID === undefined) return;
      // Another policy's record may have waited for the run's annotations.
      owners.release(record.runUID, key);
      for (const other of records.ofRun(record.runUID)) queue.add(other);
    },
    synced: onSynced,
  };
}

/** A record that lost its trust is still about the run that it was about while it had it. */
function inheriting(before: RecordSummary | undefined, now: RecordSummary): RecordSummary {
  if (now.isTrusted || before?.uid !== now.uid) return now;
  const { runUID, runKey, policy } = before;
  return {
    ...now,
    ...(runUID === undefined ? {} : { runUID }),
    ...(runKey === undefined ? {} : { runKey }),
    ...(policy === undefined ? {} : { policy }),
  };
}
