// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../../api/v1alpha1/kinds.ts';
import type { ListWatchHandler } from '../../kube/watch/list-watch-options.ts';
import { approximateSizeBytes } from '../../runtime/cache/approximate-size.ts';
import type { ByteBudgetCache } from '../../runtime/cache/byte-budget-cache.ts';
import type { KeyedQueue } from '../../runtime/queue/keyed-queue.ts';
import type { RunSummary } from '../../tekton/run-summary.ts';
import type { RecordIndex } from '../memory/records/record-index.ts';
import { parseObjectKey } from '../../kube/resource.ts';
import type { RunsOfOthers } from '../memory/runs/runs-of-others.ts';
import { parseRunKey, runKey, type RunKey } from '../../tekton/run-key.ts';
import type { RecordKey } from '../../records/record-key.ts';
import type { GuardObserver } from '../deletion-guard/guard-observer.ts';
import type { LastStates } from './last-states.ts';
import type { FinishObserver } from './note-finishes.ts';
import type { DeliveredRun } from './delivered-run.ts';

export interface RunEventHandlerOptions {
  readonly kind: RunKind;
  readonly records: RecordIndex;
  readonly cache: ByteBudgetCache<unknown, RunKey>;
  /** Keeps the last states of deleted runs in the cache. */
  readonly lastStates: Pick<LastStates, 'keep'>;
  readonly queue: KeyedQueue<RunKey>;
  /** True when this replica does the work of the namespace. */
  readonly owns: (namespace: string) => boolean;
  /** True until this replica takes its first shard: it may take any. */
  readonly isStandingBy: () => boolean;
  /** The finished runs that other replicas record. */
  readonly others: RunsOfOthers;
  /** The records that a run lacks: one of each pipeline that selects it and has no complete record of it. */
  readonly missingRecords: (run: RunSummary) => readonly RecordKey[];
  /** Records of a run that is gone may retire. */
  readonly requeueRecord: (key: RecordKey) => void;
  readonly finishes: FinishObserver;
  readonly guards: Pick<GuardObserver, 'delivered' | 'removed'>;
  readonly onSynced: () => void;
}

/** A run that lacks records. */
interface Kept {
  readonly key: RunKey;
  /** True when this replica records it. */
  readonly isOwn: boolean;
}

/** Queues the runs that are finished and not recorded, and the records of runs that are gone. Runs of others are kept until they are recorded. */
export function runEventHandler(options: RunEventHandlerOptions): ListWatchHandler<DeliveredRun> {
  const { kind, records, cache, lastStates, queue, owns, isStandingBy, others } = options;
  const { missingRecords, requeueRecord, finishes, guards, onSynced } = options;
  /** A deleted run of a shard that this replica is giving up stays. */
  const release = (key: RunKey): void => {
    if (!cache.isIrreplaceable(key)) cache.release(key);
  };
  const forget = (key: RunKey): void => {
    others.forget(key);
    if (!owns(parseRunKey(key).namespace)) release(key);
  };
  const keep = ({ summary, object }: DeliveredRun, irreplaceable: boolean): Kept | undefined => {
    const key = runKey(summary);
    const missing = missingRecords(summary);
    const isOwn = owns(summary.namespace);
    if (missing.length === 0) {
      forget(key);
      return undefined;
    }
    if (isOwn) others.forget(key);
    else if (irreplaceable) others.keep(key, missing, object);
    else others.note(key, missing);
    if (isOwn && irreplaceable) lastStates.keep(key, object);
    else if (isOwn || (isStandingBy() && !irreplaceable))
      cache.put(key, { value: object, sizeBytes: approximateSizeBytes(object) });
    else release(key);
    return { key, isOwn };
  };
  return {
    upsert(_key, run, origin) {
      const pending = run.object === undefined ? undefined : keep(run, false);
      finishes.delivered(run, origin, pending !== undefined);
      guards.delivered(run.summary);
      if (pending?.isOwn !== true) return;
      // A run that just finished comes before all that a restart or an edit of a policy has looked at again.
      if (origin === 'Event') queue.add(pending.key);
      else queue.addIdle(pending.key);
    },
    remove(key, last, uid) {
      // The last state of a deleted run cannot be read again.
      const pending = last?.object === undefined ? undefined : keep(last, true);
      finishes.removed(uid, last, pending !== undefined);
      if (pending?.isOwn === true) queue.add(pending.key);
      const { namespace = '', name } = parseObjectKey(key);
      const gone = runKey({ kind, namespace, name, uid });
      guards.removed(gone);
      if (last?.object === undefined) forget(gone);
      for (const record of records.ofRun(uid)) requeueRecord(record);
    },
    synced: onSynced,
  };
}
