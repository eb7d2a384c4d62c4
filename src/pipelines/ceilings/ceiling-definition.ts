// SPDX-License-Identifier: Apache-2.0
import { boundedText } from '../../runtime/bounded-text.ts';
import type { Exceeding } from '../definitions.ts';
import type { LabelSelector } from '../../api/v1alpha1/fields/label-selector.ts';
import type { PolicyCeilingSpec } from '../../api/v1alpha1/policy-ceiling/schema.ts';

/** A PolicyCeiling as it is written. */
export interface CeilingDefinition {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** Absent for every namespace but the operator's own and kube-*. */
  readonly namespaceSelector?: LabelSelector;
  /** Its bounds; undefined when they cannot be read. */
  readonly spec: PolicyCeilingSpec | undefined;
  /** The reason why it cannot be read. Nothing is allowed in its namespaces until it is fixed. */
  readonly invalid?: string;
  /** True when not even its selector can be read: it bounds every namespace. */
  readonly isEverywhere?: boolean;
}

/** A bound that a policy or backend exceeds. */
export interface Excess {
  readonly ceiling: string;
  /** The field of the policy or backend, its value, and the values that are allowed. */
  readonly message: string;
}

/** The ceilings that hold in one namespace. */
export interface Bounds {
  readonly namespace: string;
  /** In the order of their names. */
  readonly ceilings: readonly CeilingDefinition[];
  /** True when the labels of the namespace are not known yet, so that others may hold too: nothing is allowed until then. */
  readonly isUncertain: boolean;
}

/** Shorter than the schema's limit on a condition's message, to stay readable. */
const MAX_MESSAGE_LENGTH = 1536;

/** Excesses as one; undefined when there is none. */
export function exceeding(excesses: readonly Excess[]): Exceeding | undefined {
  if (excesses.length === 0) return undefined;
  const message = excesses.map((excess) => `PolicyCeiling ${excess.ceiling}: ${excess.message}`).join('; ');
  const ceilings = [...new Set(excesses.map(({ ceiling }) => ceiling))];
  return { ceilings, message: boundedText(message, MAX_MESSAGE_LENGTH) };
}
