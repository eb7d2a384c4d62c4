// SPDX-License-Identifier: Apache-2.0
import { DELETION_GUARD } from '../api/v1alpha1/deletion-guard.ts';
import { type JsonObject, field, listField } from '../json/fields.ts';
import { type Books, type Debt, identityOf, recordNameOf } from './ledger.ts';
import { plurals } from './manifests.ts';
import { type ClusterEvent, finalizersOf, isDeleting, type ModelCluster } from './model/cluster.ts';
import type { PolicyPlan, WorldPlan } from './world-plan.ts';

/** Watches the finalizers of runs. A finished run is let go only once it is stored, whatever happens to the operator. */
export class GuardWatch {
  readonly #plan: WorldPlan;
  readonly #held = new Set<string>();
  readonly #onFault: (what: string) => void;

  constructor(plan: WorldPlan, onFault: (what: string) => void) {
    this.#plan = plan;
    this.#onFault = onFault;
  }

  follow(cluster: ModelCluster): void {
    cluster.watch(plurals.TaskRun, 0, (event) => {
      this.#see(cluster, event);
    });
  }

  #see(cluster: ModelCluster, { object }: ClusterEvent): void {
    const { namespace, name, uid } = identityOf(object);
    if (isHeld(object)) {
      this.#held.add(uid);
      return;
    }
    if (!this.#held.delete(uid)) return;
    const isFinished = object['status'] !== undefined;
    if (!isFinished && !isDeleting(object)) this.#onFault(`run ${namespace}/${name} is let go while it runs`);
    const unstored = isFinished ? unstoredPolicies({ plan: this.#plan, cluster }, object) : [];
    for (const policy of unstored)
      this.#onFault(`run ${namespace}/${name} is let go before policy ${policy.name} has it stored`);
  }
}

/** Lists the runs that are to be held and are not, and those that are held for nothing. */
export function guardDebts(books: Pick<Books, 'plan' | 'cluster'>): readonly Debt[] {
  return books.cluster.list(plurals.TaskRun).flatMap((run): Debt[] => {
    const { namespace, name, uid } = identityOf(run);
    const isFinished = run['status'] !== undefined;
    const isAwaited = isFinished || !isDeleting(run) ? unstoredPolicies(books, run).length > 0 : false;
    if (isHeld(run) === isAwaited || (isAwaited && isDeleting(run))) return [];
    const what = (): string => `run ${namespace}/${name} is ${isAwaited ? 'not held' : 'held for nothing'}`;
    return [{ key: `TaskRun/${namespace}/${name}/${uid}`, namespace, kind: 'Guard', what }];
  });
}

function isHeld(run: JsonObject): boolean {
  return finalizersOf(run).includes(DELETION_GUARD);
}

/** The policies that hold the run and have no record of it that is signed and stored. */
function unstoredPolicies(books: Pick<Books, 'plan' | 'cluster'>, run: JsonObject): readonly PolicyPlan[] {
  const { namespace, name, uid } = identityOf(run);
  return books.plan.policies.filter((policy) => {
    if (policy.holdsRuns !== true || !['', namespace].includes(policy.namespace)) return false;
    const record = books.cluster.get(plurals.ProvenanceRecord, {
      namespace,
      name: recordNameOf({ name, uid }, policy),
    });
    return record === undefined || !isStored(record);
  });
}

function isStored(record: JsonObject): boolean {
  const artifacts = listField(record['evidence'], 'artifacts');
  const entries = listField(record['status'], 'storage');
  const isSigned = artifacts.length > 0 && artifacts.every((artifact) => field(artifact, 'signature') !== undefined);
  return isSigned && entries.length > 0 && entries.every((entry) => field(entry, 'state') === 'Stored');
}
