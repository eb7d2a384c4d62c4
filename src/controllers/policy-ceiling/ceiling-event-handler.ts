// SPDX-License-Identifier: Apache-2.0
import type { ListWatchHandler } from '../../kube/watch/list-watch-options.ts';
import { readCeiling } from '../../pipelines/ceilings/read-ceiling.ts';
import type { Pipelines } from '../../pipelines/pipelines.ts';
import type { KeyedQueue } from '../../runtime/queue/keyed-queue.ts';
import type { RecordIndex } from '../memory/records/record-index.ts';
import type { ObjectStore } from '../memory/object-store.ts';
import type { ChangePropagation } from '../propagation/change-propagation.ts';

export interface CeilingEventHandlerOptions {
  readonly pipelines: Pipelines;
  readonly records: Pick<RecordIndex, 'namespaces'>;
  readonly objects: ObjectStore<string>;
  readonly queue: KeyedQueue;
  readonly propagation: Pick<ChangePropagation, 'boundsChanged'>;
  readonly onSynced: () => void;
}

/** Keeps the pipelines' ceilings as the API server has them, and enqueues what they bound when one changes. */
export function ceilingEventHandler(options: CeilingEventHandlerOptions): ListWatchHandler<unknown> {
  const { pipelines, records, objects, queue, propagation, onSynced } = options;
  const change = (name: string, apply: () => boolean): void => {
    // Where the policies are gone, their records are left, and a ceiling bounds how long those are kept.
    const namespaces = new Set([...pipelines.tenants, ...records.namespaces]);
    const boundNow = (): readonly string[] =>
      [...namespaces].filter((namespace) => pipelines.bounds.mayBound(name, namespace));
    const before = boundNow();
    if (apply()) propagation.boundsChanged(new Set([...before, ...boundNow()]));
  };
  return {
    upsert(_key, object) {
      const ceiling = readCeiling(object);
      if (ceiling === undefined) return;
      objects.set(ceiling.name, object);
      change(ceiling.name, () => pipelines.setCeiling(ceiling));
      queue.add(ceiling.name);
    },
    remove(name) {
      objects.remove(name);
      change(name, () => pipelines.removeCeiling(name));
    },
    synced: onSynced,
  };
}
