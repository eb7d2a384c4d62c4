// SPDX-License-Identifier: Apache-2.0
import { policyKey, type PolicyKey, type PolicyName } from '../../../pipelines/policy-key.ts';
import type { RecordSummary } from '../../../records/record-summary.ts';

/** Counts the records of each policy whose runs lack the annotations of Tekton Chains because the operator may not patch them. */
export class UnannotatedRecords {
  readonly #counts = new Map<PolicyKey, number>();

  has(policy: PolicyName): boolean {
    return this.#counts.has(policyKey(policy));
  }

  add(record: RecordSummary): void {
    this.#change(record, 1);
  }

  remove(record: RecordSummary): void {
    this.#change(record, -1);
  }

  #change({ policy, lacksAnnotation }: RecordSummary, by: 1 | -1): void {
    if (policy === undefined || !lacksAnnotation) return;
    const key = policyKey(policy);
    const count = (this.#counts.get(key) ?? 0) + by;
    if (count === 0) this.#counts.delete(key);
    else this.#counts.set(key, count);
  }
}
