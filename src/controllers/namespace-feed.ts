// SPDX-License-Identifier: Apache-2.0
import type { ListWatchHandler } from '../kube/list-watch-options.ts';
import type { ObjectMetadata } from '../kube/object-metadata.ts';
import type { Pipelines } from '../pipelines/pipelines.ts';
import type { Repercussions } from './repercussions.ts';

/** Keeps the labels of namespaces, by which cluster kinds select them. */
export function namespaceFeed(
  pipelines: Pipelines,
  repercussions: Repercussions,
  onSynced: () => void,
): ListWatchHandler<ObjectMetadata> {
  return {
    upsert(_key, { name, labels }) {
      if (pipelines.setNamespace({ name, labels })) repercussions.namespaceChanged(name);
    },
    remove(key) {
      pipelines.removeNamespace(key);
    },
    synced: onSynced,
  };
}
