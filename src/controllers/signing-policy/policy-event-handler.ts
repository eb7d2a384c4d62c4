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
import type { DefinitionShares } from '../memory/definition-shares.ts';
import type { PolicyDefinition } from '../../pipelines/definitions.ts';
import { policyKey, type PolicyKey, type PolicyName } from '../../pipelines/policy-key.ts';

export interface PolicyEventHandlerOptions {
  readonly kind: PolicyKind;
  readonly operatorNamespace: string;
  /** The platform's default and limit for the retention of records. */
  readonly retention: RetentionLimits;
  readonly pipelines: Pipelines;
  readonly objects: ObjectStore<PolicyKey>;
  readonly shares: DefinitionShares;
  readonly queue: KeyedQueue<PolicyKey>;
  readonly propagation: Pick<ChangePropagation, 'policyChanged'>;
  readonly onSynced: () => void;
}

/** Keeps the pipelines' policies of one kind as the API server has them. */
export function policyEventHandler(options: PolicyEventHandlerOptions): ListWatchHandler<unknown> {
  const { kind, operatorNamespace, retention, pipelines, objects, shares, queue, propagation, onSynced } = options;
  const nameOf = (key: string): PolicyName => {
    const { namespace = '', name } = parseObjectKey(key);
    return { kind, namespace, name };
  };
  const setPolicy = (policy: PolicyDefinition): void => {
    if (pipelines.setPolicy(policy)) propagation.policyChanged(policy);
    else queue.add(policyKey(policy));
  };
  return {
    upsert(objectKey, delivered) {
      const name = nameOf(objectKey);
      const key = policyKey(name);
      const { object, isLeftOut } = shares.admit(key, name.namespace, delivered);
      const policy = readPolicy(object, operatorNamespace, retention);
      if (policy === undefined) return;
      objects.set(key, object);
      if (!isLeftOut) setPolicy(policy);
      else if (shares.isStandIn(key, name.namespace)) setPolicy(selectingAll(policy));
      else if (pipelines.removePolicy(name)) propagation.policyChanged(name);
      else queue.add(key);
    },
    remove(objectKey) {
      const policy = nameOf(objectKey);
      objects.remove(policyKey(policy));
      shares.release(policyKey(policy), policy.namespace);
      if (pipelines.removePolicy(policy)) propagation.policyChanged(policy);
    },
    synced: onSynced,
  };
}

/** The policy that stands for all that are left out of its namespace: any run that one of them selects gets a record that says why it is unsigned. */
function selectingAll({ spec, ...policy }: PolicyDefinition): PolicyDefinition {
  const runs = {
    ...spec.runs,
    kinds: ['TaskRun', 'PipelineRun'],
    outcomes: ['Succeeded', 'Failed', 'Cancelled'],
  } as const;
  return { ...policy, spec: { ...spec, selector: {}, runs } };
}
