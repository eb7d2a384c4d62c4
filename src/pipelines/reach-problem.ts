// SPDX-License-Identifier: Apache-2.0
import { isEmptySelector } from '../api/v1alpha1/fields/label-selector.ts';
import type { PolicyDefinition } from './definitions.ts';
import { formMismatch } from './form-mismatch.ts';
import type { Pipeline } from './pipeline.ts';
import { madeArtifacts, takesOfPolicy } from './takes-of-policy.ts';
import { tooManyBackends } from './backend-refs.ts';

type Reach = Pick<Pipeline, 'backends' | 'missing'>;
type Rule = (policy: PolicyDefinition, reach: Reach) => string | undefined;

const rules: readonly Rule[] = [
  (_policy, { backends, missing }) => {
    const takers = backends.filter(({ spec }) => isEmptySelector(spec.selector));
    return tooManyBackends(takers.length + missing.length);
  },
  (policy, { backends, missing }) => {
    const made = madeArtifacts(policy.spec);
    // A backend that does not exist yet may accept anything.
    if (made.length === 0 || backends.length === 0 || missing.length > 0) return undefined;
    if (backends.some(({ spec }) => takesOfPolicy(policy.spec, spec).taken.length > 0)) return undefined;
    const [why] = backends.flatMap((backend) => formMismatch(policy, backend) ?? []);
    const types = [...new Set(made.map(({ type }) => type))].join(' or ');
    return why ?? `no backend takes anything of this policy: add ${types} to spec.artifacts of one`;
  },
];

/** The reason why no run of a policy can be stored in the backends in its reach; undefined when some can. */
export function reachProblem(policy: PolicyDefinition, reach: Reach): string | undefined {
  for (const rule of rules) {
    const problem = rule(policy, reach);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
