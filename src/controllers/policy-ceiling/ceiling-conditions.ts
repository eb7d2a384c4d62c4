// SPDX-License-Identifier: Apache-2.0
import type { ConditionFact } from '../../api/v1alpha1/condition.ts';
import { reasons } from '../../api/v1alpha1/reasons.ts';
import type { CeilingDefinition } from '../../pipelines/ceilings/ceiling-definition.ts';

/** The conditions of a ceiling. It is in force as soon as it is read, so it never reconciles. */
export function ceilingConditions({ generation, invalid }: CeilingDefinition): readonly ConditionFact[] {
  const isRead = invalid === undefined;
  const shown = isRead
    ? { reason: reasons.Ready, message: 'in force' }
    : {
        reason: reasons.PolicyInvalid,
        message: `it cannot be read, so nothing is allowed in its namespaces until it is fixed: ${invalid}`,
      };
  const condition = (type: string, holds: boolean): ConditionFact => {
    return { type, status: holds ? 'True' : 'False', observedGeneration: generation, ...shown };
  };
  return [condition('Ready', isRead), condition('Reconciling', false), condition('Stalled', !isRead)];
}
