// SPDX-License-Identifier: Apache-2.0
import { type JsonObject, field, listField } from '../json/fields.ts';
import { identityOf, isReadBack } from './ledger.ts';
import { plurals } from './manifests.ts';
import type { ClusterEvent, ModelCluster } from './model/cluster.ts';
import type { WorldPlan } from './world-plan.ts';

/** Watches the records: each is created once, signatures never change, and payloads go only once every backend gave them back. */
export class RecordWatch {
  readonly #plan: WorldPlan;
  readonly #signatures = new Map<string, string>();
  readonly #payloads = new Map<string, number>();
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
    this.#seePayloads(key, object);
  }

  #seePayloads(key: string, record: JsonObject): void {
    const artifacts = listField(record['evidence'], 'artifacts');
    const held = artifacts.filter((each) => field(each, 'payload') !== undefined).length;
    const before = this.#payloads.get(key) ?? 0;
    this.#payloads.set(key, held);
    if (held < before && !isReadBack(record)) this.#onFault(`record ${key} dropped a payload before it was read back`);
  }

  #mayRetire(record: JsonObject): boolean {
    const { namespace } = identityOf(record);
    const ref = field(record['spec'], 'policyRef');
    const scope = field(ref, 'kind') === 'SigningPolicy' ? namespace : '';
    const policy = this.#plan.policies.find((each) => each.namespace === scope && each.name === field(ref, 'name'));
    return policy?.retention === 'WithRun';
  }
}
