// SPDX-License-Identifier: Apache-2.0
import { field } from '../../json/fields.ts';
import { knownReason } from '../../api/v1alpha1/reasons.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';
import { storedConditions } from '../write-status.ts';

/**
 * What the last probe of a stored backend found, as its status says: a restart makes no backend look as if it had never been probed.
 * @returns undefined where the status is not about the object as it is written now
 */
export function recalledHealth(object: unknown): { readonly problem: Problem | undefined } | undefined {
  const observed = field(field(object, 'status'), 'observedGeneration');
  if (observed === undefined || observed !== field(field(object, 'metadata'), 'generation')) return undefined;
  const ready = storedConditions(object).find(({ type }) => type === 'Ready');
  if (ready?.status === 'True') return { problem: undefined };
  const reason = knownReason(ready?.reason);
  if (ready?.status !== 'False' || reason === undefined) return undefined;
  return { problem: { reason, message: ready.message } };
}
