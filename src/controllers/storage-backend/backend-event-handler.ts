// SPDX-License-Identifier: Apache-2.0
import type { BackendKind } from '../../api/v1alpha1/kinds.ts';
import { field } from '../../json/fields.ts';
import type { ListWatchHandler } from '../../kube/watch/list-watch-options.ts';
import { parseObjectKey } from '../../kube/resource.ts';
import type { Pipelines } from '../../pipelines/pipelines.ts';
import { readBackend } from '../../pipelines/read-backend.ts';
import type { KeyedQueue } from '../../runtime/queue/keyed-queue.ts';
import type { ObjectStore } from '../memory/object-store.ts';
import type { ChangePropagation } from '../propagation/change-propagation.ts';
import type { BackendHealth } from '../memory/backend-health.ts';
import { backendKey, type BackendKey, type BackendName } from '../../pipelines/backend-key.ts';
import { refusalOf } from '../../pipelines/refused-definition.ts';
import type { DefinitionShares } from '../memory/definition-shares.ts';
import { knownReason } from '../../api/v1alpha1/reasons.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';
import { storedConditions } from '../write-status.ts';

export interface BackendEventHandlerOptions {
  readonly kind: BackendKind;
  readonly operatorNamespace: string;
  readonly pipelines: Pipelines;
  readonly objects: ObjectStore<BackendKey>;
  readonly shares: DefinitionShares;
  readonly health: Pick<BackendHealth, 'recall' | 'note'>;
  /** True when this replica does the work of the namespace. */
  readonly owns: (namespace: string) => boolean;
  readonly queue: KeyedQueue<BackendKey>;
  readonly propagation: ChangePropagation;
  readonly onSynced: () => void;
}

/** Keeps the pipelines' backends of one kind in step with the API server. */
export function backendEventHandler(options: BackendEventHandlerOptions): ListWatchHandler<unknown> {
  const { kind, operatorNamespace, pipelines, objects, shares, health, owns, queue, propagation, onSynced } = options;
  const nameOf = (key: string): BackendName => {
    const { namespace = '', name } = parseObjectKey(key);
    return { kind, namespace, name };
  };
  return {
    upsert(objectKey, delivered) {
      const name = nameOf(objectKey);
      const key = backendKey(name);
      const { object } = shares.admit(key, name.namespace, delivered);
      const before = objects.get(key);
      objects.set(key, object);
      // A probe ends in a status write. If that enqueued the next probe, a server with varying answers would be probed without pause.
      if (versionOf(before) !== versionOf(object)) queue.add(key);
      const read = readBackend(object, operatorNamespace);
      if (!read.ok) {
        if (pipelines.removeBackend(name)) propagation.backendChanged(name);
        return;
      }
      const recalled = recalledHealth(object);
      // The holder of a team's shard probes its backends; those of the cluster are probed by every replica.
      const isProbedByOther = name.namespace !== '' && !owns(name.namespace);
      if (recalled !== undefined && isProbedByOther) health.note(read.backend, recalled.problem);
      else if (recalled !== undefined) health.recall(read.backend, recalled.problem);
      if (pipelines.setBackend(read.backend)) propagation.backendChanged(name);
    },
    remove(objectKey) {
      const name = nameOf(objectKey);
      objects.remove(backendKey(name));
      const makesRoom = shares.release(backendKey(name), name.namespace);
      queue.add(backendKey(name));
      // One that was never used makes room too.
      if (pipelines.removeBackend(name) || makesRoom) propagation.backendChanged(name);
    },
    synced: onSynced,
  };
}

/** Identifies one spec of one object, and whether it is used. */
function versionOf(object: unknown): string {
  const metadata = field(object, 'metadata');
  return JSON.stringify([field(metadata, 'uid'), field(metadata, 'generation'), refusalOf(object)]);
}

/**
 * Reads the result of the last probe from the status, so that no backend looks unprobed after a restart.
 * @returns undefined when the status is of another generation
 */
function recalledHealth(object: unknown): { readonly problem: Problem | undefined } | undefined {
  const observed = field(field(object, 'status'), 'observedGeneration');
  if (observed === undefined || observed !== field(field(object, 'metadata'), 'generation')) return undefined;
  const ready = storedConditions(object).find(({ type }) => type === 'Ready');
  if (ready?.status === 'True') return { problem: undefined };
  const reason = knownReason(ready?.reason);
  if (ready?.status !== 'False' || reason === undefined) return undefined;
  return { problem: { reason, message: ready.message } };
}
