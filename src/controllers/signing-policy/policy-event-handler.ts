// SPDX-License-Identifier: Apache-2.0
import type { RetentionLimits } from '../../api/v1alpha1/signing-policy/retention.ts';
import type { PolicyKind } from '../../api/v1alpha1/kinds.ts';
import type { ListWatchHandler } from '../../kube/watch/list-watch-options.ts';
import { parseObjectKey } from '../../kube/resource.ts';
import type { Pipelines } from '../../pipelines/pipelines.ts';
import { readPolicy } from '../../pipelines/read-policy.ts';
import type { KeyedQueue } from '../../runtime/queue/keyed-queue.ts';
import type { ObjectStore } from '../memory/object-store.ts';
import type { ChangePropagation } from '../propagation/change-propagation.ts';
import { policyKey, type PolicyKey } from '../../pipelines/policy-key.ts';

export interface PolicyEventHandlerOptions {
  readonly kind: PolicyKind;
  readonly operatorNamespace: string;
  /** The platform's default and limit for the retention of records. */
  readonly retention: RetentionLimits;
  readonly pipelines: Pipelines;
  readonly objects: ObjectStore<PolicyKey>;
  readonly queue: KeyedQueue<PolicyKey>;
  readonly propagation: ChangePropagation;
  readonly onSynced: () => void;
}

/** Keeps the pipelines' policies of one kind as the API server has them. */
export function policyEventHandler(options: PolicyEventHandlerOptions): ListWatchHandler<unknown> {
  const { kind, operatorNamespace, retention, pipelines, objects, queue, propagation, onSynced } = options;
  return {
    upsert(_key, object) {
      const policy = readPolicy(object, operatorNamespace, retention);
      if (policy === undefined) return;
      objects.set(policyKey(policy), object);
      if (pipelines.setPolicy(policy)) propagation.policyChanged(policy);
      else queue.add(policyKey(policy));
    },
    remove(key) {
      const { namespace = '', name } = parseObjectKey(key);
      const policy = { kind, namespace, name };
      objects.remove(policyKey(policy));
      if (pipelines.removePolicy(policy)) propagation.policyChanged(policy);
    },
    synced: onSynced,
  };
}
