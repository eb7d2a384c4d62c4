// SPDX-License-Identifier: Apache-2.0
import { reasons } from '../../api/v1alpha1/reasons.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';

/** The facts that can stop a policy from signing. Unknown facts are left out. */
export interface SigningFacts {
  /** The reason why the policy is not obeyed: it is invalid, or exceeds a ceiling. */
  readonly refused?: Problem | undefined;
  readonly isSuspended?: boolean;
  /** The reason why its signer cannot sign now. */
  readonly keyProblem?: Problem | undefined;
  /** The reason why its witnesses do not count. */
  readonly witnessProblem?: Problem | undefined;
}

type Rule = (facts: SigningFacts) => Problem | undefined;

const rules: readonly Rule[] = [
  ({ refused }) => refused,
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
 * The reason why a policy signs nothing now; undefined when it may sign. The policy's conditions and every signature follow from this one
 * decision, so a policy that reports that it cannot sign signs nothing. Backends do not count: while one is away, runs are signed and
 * their records wait for it.
 */
export function signingProblem(facts: SigningFacts): Problem | undefined {
  for (const rule of rules) {
    const problem = rule(facts);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
