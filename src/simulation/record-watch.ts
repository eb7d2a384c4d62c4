// SPDX-License-Identifier: Apache-2.0
import { type JsonObject, field, listField } from '../json/fields.ts';
import { identityOf } from './ledger.ts';
import { plurals } from './manifests.ts';
import type { ClusterEvent, ModelCluster } from './model/cluster.ts';
import type { WorldPlan } from './world-plan.ts';

/** Watches the records: each is created once, and signatures never change. */
export class RecordWatch {
  readonly #plan: WorldPlan;
  readonly #signatures = new Map<string, string>();
  readonly #made = new Set<string>();
  readonly #onFault: (what: string) => void;

  constructor(plan: WorldPlan, onFault: (what: string) => void) {
    this.#plan = plan;
    this.#onFault = onFault;
  }

  /** True when there was such a record. */
  wasMade(key: string): boolean {
    return this.#made.has(key);
  }

  follow(cluster: ModelCluster): void {
    cluster.watch(plurals.ProvenanceRecord, 0, (event) => {
      this.#see(event);
    });
  }

  #see({ type, object }: ClusterEvent): void {
    const { namespace, name } = identityOf(object);
    const key = `${namespace}/${name}`;
    this.#made.add(key);
    if (type === 'DELETED') {
      if (!this.#mayRetire(object)) this.#onFault(`record ${key} was deleted`);
      return;
    }
    const signatures = JSON.stringify(
      listField(object['evidence'], 'artifacts').map((each) => field(each, 'signature')),
    );
    const before = this.#signatures.get(key);
    if (before !== undefined && before !== signatures) this.#onFault(`record ${key} was signed a second time`);
    if (/^\["/.test(signatures)) this.#signatures.set(key, signatures);
  }

  #mayRetire(record: JsonObject): boolean {
    const { namespace } = identityOf(record);
    const ref = field(record['spec'], 'policyRef');
    const scope = field(ref, 'kind') === 'SigningPolicy' ? namespace : '';
    const policy = this.#plan.policies.find((each) => each.namespace === scope && each.name === field(ref, 'name'));
    return policy?.retention === 'WithRun';
  }
}
