// SPDX-License-Identifier: Apache-2.0
import type { ListWatchHandler } from '../../kube/watch/list-watch-options.ts';
import { approximateSizeBytes } from '../../runtime/cache/approximate-size.ts';
import type { ByteBudgetCache } from '../../runtime/cache/byte-budget-cache.ts';
import type { KeyedQueue } from '../../runtime/queue/keyed-queue.ts';
import { type RunSummary, summariseRun } from '../../tekton/run-summary.ts';
import type { RecordIndex } from '../memory/record-index.ts';
import { runKey, type RunKey } from '../../tekton/run-key.ts';
import type { RecordKey } from '../../records/record-key.ts';
import type { FinishObserver } from './note-finishes.ts';

/** A run as it is delivered: its summary, and the object itself once the run has finished. */
export interface DeliveredRun {
  readonly summary: RunSummary;
  readonly object: unknown;
}

export interface RunEventHandlerOptions {
  readonly records: RecordIndex;
  readonly cache: ByteBudgetCache<unknown>;
  readonly queue: KeyedQueue<RunKey>;
  /** True when a pipeline selects the run and has no complete record of it. */
  readonly isPending: (run: RunSummary) => boolean;
  /** Records of a run that is gone may retire. */
  readonly requeueRecord: (key: RecordKey) => void;
  readonly finishes: FinishObserver;
  readonly onSynced: () => void;
}

/** Keeps only the summary of a run that is still running. */
export function projectRun(object: unknown): DeliveredRun | undefined {
  const summary = summariseRun(object);
  if (summary === undefined) return undefined;
  return { summary, object: summary.finished === undefined ? undefined : object };
}

/** Queues the runs that are finished and not recorded, and the records of runs that are gone. */
export function runEventHandler(options: RunEventHandlerOptions): ListWatchHandler<DeliveredRun> {
  const { records, cache, queue, isPending, requeueRecord, finishes, onSynced } = options;
  const keep = ({ summary, object }: DeliveredRun, irreplaceable: boolean): RunKey | undefined => {
    if (!isPending(summary)) return undefined;
    const key = runKey(summary);
    cache.put(key, { value: object, sizeBytes: approximateSizeBytes(object), irreplaceable });
    return key;
  };
  return {
    upsert(_key, run, origin) {
      const pending = run.object === undefined ? undefined : keep(run, false);
      finishes.delivered(run, origin, pending !== undefined);
      if (pending === undefined) return;
      // A run that just finished comes before all that a restart or an edit of a policy has looked at again.
      if (origin === 'Event') queue.add(pending);
      else queue.addIdle(pending);
    },
    remove(_key, last, uid) {
      // The last state of a deleted run cannot be read again.
      const pending = last?.object === undefined ? undefined : keep(last, true);
      finishes.removed(uid, last, pending !== undefined);
      if (pending !== undefined) queue.add(pending);
      for (const record of records.ofRun(uid)) requeueRecord(record);
    },
    synced: onSynced,
  };
}
