// SPDX-License-Identifier: Apache-2.0
import { reasons } from '../../api/v1alpha1/reasons.ts';
import type { Subject } from '../../evidence/artifact.ts';
import { subjectOutside } from '../../pipelines/selection/allowed-subjects.ts';
import { type PolicyDefinition } from '../../pipelines/definitions.ts';
import { namedRefusal } from '../../pipelines/refusal.ts';
import { signingProblem } from '../../pipelines/selection/signing-problem.ts';
import { ignoredSubject, missingChild, unnotedChild } from './left-out.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';
import { describePolicy, type PolicyName } from '../../pipelines/policy-key.ts';

/** The facts that decide whether a payload may be signed, before any key is used. */
export interface SigningQuestion {
  readonly mode: 'Enforce' | 'Audit';
  readonly policyName: PolicyName;
  /** The current policy; undefined when it was deleted. */
  readonly policy: PolicyDefinition | undefined;
  readonly subjects: readonly Subject[];
  /** The warnings of the evidence. */
  readonly warnings: readonly string[];
}

type Rule = (question: SigningQuestion) => Problem | undefined;

const rules: readonly Rule[] = [
  ({ mode, policyName }) =>
    mode === 'Audit'
      ? {
          reason: reasons.AuditOnly,
          message: `${describePolicy(policyName)} audits: this is what it would sign`,
        }
      : undefined,
  ({ policy, policyName }) =>
    policy === undefined
      ? {
          reason: reasons.PolicyDeleted,
          message: `${describePolicy(policyName)} was deleted before this was signed: create it again to have it signed, or delete this record`,
        }
      : undefined,
  ({ policy, policyName }) => {
    const refused = policy && namedRefusal(policy);
    if (refused !== undefined) return refused;
    const problem = signingProblem({ isSuspended: policy?.spec.suspend === true });
    if (problem === undefined) return undefined;
    return { reason: problem.reason, message: `${describePolicy(policyName)} is ${problem.message}` };
  },
  ({ policy, policyName }) => {
    if (policy?.auditOnlyBy === undefined) return undefined;
    const message = `PolicyCeiling ${policy.auditOnlyBy} allows ${describePolicy(policyName)} to audit only, and the run was to be signed: delete this record, or have the ceiling allow it`;
    return { reason: reasons.CeilingExceeded, message };
  },
  ({ policy, policyName, subjects }) => {
    const outside = subjectOutside(policy?.spec.subjects.allowedRepositories ?? [], subjects);
    if (outside === undefined) return undefined;
    return {
      reason: reasons.SubjectNotAllowed,
      message: `the run claims to have built ${outside}, which spec.subjects.allowedRepositories of ${describePolicy(policyName)} does not allow`,
    };
  },
  ({ policy, policyName, warnings }) => {
    if (policy?.spec.subjects.onIgnored !== 'Refuse') return undefined;
    const ignored = ignoredSubject(warnings);
    if (ignored === undefined) return undefined;
    const message = `spec.subjects.onIgnored of ${describePolicy(policyName)} refuses the run: ${ignored.message}`;
    return { reason: reasons.SubjectIgnored, message };
  },
  ({ policy, policyName, warnings }) => {
    if (policy?.spec.children.onMissing !== 'Refuse') return undefined;
    const isNoted = policy.spec.children.notes === 'Recorded';
    const missing = missingChild(warnings) ?? (isNoted ? unnotedChild(warnings) : undefined);
    if (missing === undefined) return undefined;
    const message = `spec.children.onMissing of ${describePolicy(policyName)} refuses the run: ${missing.message}`;
    return { reason: missing.reason, message };
  },
];

/** The reason why nothing of this may be signed now; undefined when it may be. The first rule that applies wins. */
export function unsignedProblem(question: SigningQuestion): Problem | undefined {
  for (const rule of rules) {
    const problem = rule(question);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
