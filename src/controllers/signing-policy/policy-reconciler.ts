// SPDX-License-Identifier: Apache-2.0
import { API_VERSION } from '../../api/v1alpha1/group-version.ts';
import type { EventText } from '../../kube/events.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import type { PolicyDefinition } from '../../pipelines/definitions.ts';
import type { PolicyKey } from '../../pipelines/policy-key.ts';
import { readPolicy } from '../../pipelines/read-policy.ts';
import { refusalOf } from '../../pipelines/refused-definition.ts';
import { DONE, type Outcome } from '../../runtime/queue/outcome.ts';
import type { Reconciler } from '../../runtime/queue/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import { GracePeriods } from '../memory/grace-periods.ts';
import type { ObjectStore } from '../memory/object-store.ts';
import { writeStatus } from '../write-status.ts';
import { gatherPolicy } from './gather-policy.ts';
import { planPolicy } from './plan-policy.ts';

type PolicyContext = Pick<
  ControllerContext,
  | 'childNotes'
  | 'client'
  | 'clock'
  | 'events'
  | 'fence'
  | 'gate'
  | 'health'
  | 'keys'
  | 'pipelines'
  | 'recordRoom'
  | 'retention'
  | 'statusLine'
> & {
  readonly shards: Pick<ControllerContext['shards'], 'owns'>;
  readonly records: Pick<ControllerContext['records'], 'hasUnannotated'>;
};

export interface PolicyReconcilerOptions {
  readonly context: PolicyContext;
  readonly objects: ObjectStore<PolicyKey>;
  readonly operatorNamespace: string;
  /** Called when the operator may annotate the runs of a policy, and some that are stored lack the annotations. */
  readonly onAnnotatingAllowed: (policy: PolicyDefinition) => void;
}

/** Checks the signer and the backends of one policy, and reports them in its status. */
export class PolicyReconciler implements Reconciler<PolicyKey> {
  readonly #options: PolicyReconcilerOptions;
  readonly #graces: GracePeriods<PolicyKey>;

  constructor(options: PolicyReconcilerOptions) {
    this.#options = options;
    this.#graces = new GracePeriods(options.context.clock);
  }

  async reconcile(key: PolicyKey, signal: AbortSignal): Promise<Outcome> {
    const { context, objects, operatorNamespace, onAnnotatingAllowed } = this.#options;
    const object = objects.get(key);
    const read = object === undefined ? undefined : readPolicy(object, operatorNamespace, context.retention);
    if (read === undefined) return this.#forget(key);
    const policy = context.pipelines.bounds.policy(read);
    const snapshot = await gatherPolicy(context, this.#graces, { policy, object }, signal);
    // Asked each time and not only when the answer changes: runs may be refused between two checks, and a restart forgets the last one.
    if (snapshot.annotates && context.records.hasUnannotated(policy)) onAnnotatingAllowed(policy);
    const { status, events, nextCheckSeconds } = planPolicy(snapshot);
    // A policy of the cluster is checked by every replica, for its own records, and reported by one.
    const isReported = context.shards.owns(policy.namespace);
    const resource = hallmarkResource(policy.kind);
    if (isReported && (await writeStatus(context, resource, { object, status }, signal))) {
      this.#emitEvents(policy, events);
    }
    // One that is refused is looked at again when it is delivered otherwise.
    return refusalOf(object) === undefined ? { requeueAfterSeconds: nextCheckSeconds } : DONE;
  }

  #emitEvents({ kind, namespace, name, uid }: PolicyDefinition, events: readonly EventText[]): void {
    const regarding = { apiVersion: API_VERSION, kind, namespace: namespace === '' ? undefined : namespace, name, uid };
    for (const event of events) this.#options.context.events.record(regarding, event);
  }

  /** Drops what is kept of a policy that was deleted. */
  #forget(key: PolicyKey): Outcome {
    const { keys, gate } = this.#options.context;
    keys.forget(key);
    gate.forget(key);
    this.#graces.end(key);
    return DONE;
  }
}
