// SPDX-License-Identifier: Apache-2.0
import { type JsonObject } from '../json/fields.ts';
import { type Debt, identityOf, recordNameOf } from './ledger.ts';
import type { Life } from './life.ts';
import type { ClusterEvent } from './model/cluster.ts';
import type { WorldPlan } from './world-plan.ts';

interface Deleted {
  readonly run: JsonObject;
  readonly seenBy: Set<Life>;
}

/**
 * Watches the deletion of finished runs. A run has its records if the replica that does the work of its namespace saw the deletion, whenever
 * that was.
 */
export class DeletionWatch {
  readonly #plan: WorldPlan;
  readonly #deleted = new Map<string, Deleted>();

  constructor(plan: WorldPlan) {
    this.#plan = plan;
  }

  /** An event has arrived at a replica. */
  delivered(life: Life, { type, object }: ClusterEvent): void {
    if (type !== 'DELETED' || object['kind'] !== 'TaskRun' || object['status'] === undefined) return;
    const { uid } = identityOf(object);
    const deleted = this.#deleted.get(uid) ?? { run: object, seenBy: new Set<Life>() };
    deleted.seenBy.add(life);
    this.#deleted.set(uid, deleted);
  }

  /**
   * The records that are owed.
   * @param holderOf the replica that does the work of a namespace
   * @param wasMade true when there was such a record
   */
  debts(holderOf: (namespace: string) => Life | undefined, wasMade: (key: string) => boolean): readonly Debt[] {
    return [...this.#deleted.values()].flatMap(({ run, seenBy }) => {
      const { namespace, name, uid } = identityOf(run);
      const holder = holderOf(namespace);
      if (holder === undefined || !seenBy.has(holder)) return [];
      const policies = this.#plan.policies.filter((policy) => ['', namespace].includes(policy.namespace));
      const missing = policies.filter((policy) => !wasMade(`${namespace}/${recordNameOf({ name, uid }, policy)}`));
      const key = `TaskRun/${namespace}/${name}/${uid}`;
      return missing.map(({ name: policy }): Debt => {
        const what = (): string =>
          `deleted run ${namespace}/${name}, which its replica saw, has no record of policy ${policy}`;
        return { key, namespace, kind: 'Record', what };
      });
    });
  }
}
