// SPDX-License-Identifier: Apache-2.0
import type { Problem } from '../api/v1alpha1/problem.ts';
import { reasons } from '../api/v1alpha1/reasons.ts';
import type { PolicyDefinition } from './definitions.ts';
import { describePolicy } from './policy-key.ts';

/** The reason why a policy is not obeyed at all: it is invalid, or says more than its namespace is allowed. Undefined for one that is. */
export function refusal({ invalid, exceeds }: Pick<PolicyDefinition, 'invalid' | 'exceeds'>): Problem | undefined {
  if (invalid !== undefined) return { reason: reasons.PolicyInvalid, message: invalid };
  return exceeds === undefined ? undefined : { reason: reasons.CeilingExceeded, message: exceeds.message };
}

/** The same in the words of a record, which names the policy. */
export function namedRefusal(policy: PolicyDefinition): Problem | undefined {
  const problem = refusal(policy);
  if (problem === undefined) return undefined;
  const { reason, message } = problem;
  const what = reason === reasons.PolicyInvalid ? 'is invalid' : 'exceeds its ceiling';
  return { reason, message: `${describePolicy(policy)} ${what}: ${message}` };
}
