// SPDX-License-Identifier: Apache-2.0
import type { ListWatchHandler } from '../../kube/watch/list-watch-options.ts';
import type { ObjectMetadata } from '../../kube/object-metadata.ts';
import type { GuardObserver } from '../deletion-guard/guard-observer.ts';
import type { Pipelines } from '../../pipelines/pipelines.ts';
import type { ChangePropagation } from './change-propagation.ts';

export interface NamespaceEventHandlerOptions {
  readonly pipelines: Pipelines;
  readonly propagation: ChangePropagation;
  readonly guards: Pick<GuardObserver, 'namespaceDelivered'>;
  readonly onSynced: () => void;
}

/** Keeps the labels of namespaces, which cluster kinds select by, and notes those that are being deleted. */
export function namespaceEventHandler(options: NamespaceEventHandlerOptions): ListWatchHandler<ObjectMetadata> {
  const { pipelines, propagation, guards, onSynced } = options;
  return {
    upsert(_key, { name, labels, deletionTimestamp }) {
      if (pipelines.setNamespace({ name, labels })) propagation.namespaceChanged(name);
      guards.namespaceDelivered(name, deletionTimestamp !== undefined);
    },
    remove(key) {
      pipelines.removeNamespace(key);
      propagation.namespaceRemoved();
      guards.namespaceDelivered(key, false);
    },
    synced: onSynced,
  };
}
