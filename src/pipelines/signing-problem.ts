// SPDX-License-Identifier: Apache-2.0
import { reasons } from '../api/v1alpha1/reasons.ts';
import type { Problem } from '../api/v1alpha1/problem.ts';

/** All that can keep a policy from signing. A fact that is not known yet is left out. */
export interface SigningFacts {
  /** Why the object cannot be obeyed as written. */
  readonly invalid?: string | undefined;
  readonly isSuspended?: boolean;
  /** Why its signer cannot sign now. */
  readonly keyProblem?: Problem | undefined;
  /** Why the witnesses of its signatures would not count. */
  readonly witnessProblem?: Problem | undefined;
}

type Rule = (facts: SigningFacts) => Problem | undefined;

const rules: readonly Rule[] = [
  ({ invalid }) => (invalid === undefined ? undefined : { reason: reasons.PolicyInvalid, message: invalid }),
  ({ isSuspended }) =>
    isSuspended === true
      ? {
          reason: reasons.Suspended,
          message: 'suspended: selected runs are recorded and signed once spec.suspend is false',
        }
      : undefined,
  ({ keyProblem }) => keyProblem && { reason: keyProblem.reason, message: keyProblem.message },
  ({ witnessProblem }) => witnessProblem && { reason: witnessProblem.reason, message: witnessProblem.message },
];

/**
 * Why a policy signs nothing now; undefined when it may. The conditions of the policy and every signature of a run follow from this one
 * decision, so a policy that says that it cannot sign signs nothing. Backends have no part in it: while one is away, runs are signed and
 * their records wait for it.
 */
export function signingProblem(facts: SigningFacts): Problem | undefined {
  for (const rule of rules) {
    const problem = rule(facts);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
