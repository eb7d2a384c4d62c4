// SPDX-License-Identifier: Apache-2.0
import type { ListWatchHandler } from '../../kube/watch/list-watch-options.ts';
import type { ObjectMetadata } from '../../kube/object-metadata.ts';
import type { Pipelines } from '../../pipelines/pipelines.ts';
import type { ChangePropagation } from './change-propagation.ts';

/** Keeps the labels of namespaces, which cluster kinds select by. */
export function namespaceEventHandler(
  pipelines: Pipelines,
  propagation: ChangePropagation,
  onSynced: () => void,
): ListWatchHandler<ObjectMetadata> {
  return {
    upsert(_key, { name, labels }) {
      if (pipelines.setNamespace({ name, labels })) propagation.namespaceChanged(name);
    },
    remove(key) {
      pipelines.removeNamespace(key);
    },
    synced: onSynced,
  };
}
