// SPDX-License-Identifier: Apache-2.0
import { isEmptySelector } from '../api/v1alpha1/fields/label-selector.ts';
import type { PolicyDefinition } from './definitions.ts';
import { formMismatch } from './form-mismatch.ts';
import type { Pipeline } from './pipeline.ts';
import { isLastingBackend } from '../storage/is-lasting.ts';
import { type MadeArtifact, madeArtifacts, takesOfPolicy } from './takes-of-policy.ts';
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
  ({ spec }, { backends, missing }) => {
    // An audit drops nothing.
    if (spec.recordEvidence === 'Keep' || spec.mode === 'Audit' || missing.length > 0) return undefined;
    const taken = (by: Reach['backends']): readonly MadeArtifact[] =>
      by.flatMap((backend) => takesOfPolicy(spec, backend.spec).taken);
    const lasting = taken(backends.filter((backend) => isLastingBackend(backend.spec)));
    const lost = taken(backends).find(({ type, form }) => !lasting.some((of) => of.type === type && of.form === form));
    if (lost === undefined) return undefined;
    return `spec.record.evidence is UntilStored, and no backend of this policy can give back ${lost.type} (${lost.form}) for as long as its record is kept: a Tekton backend loses it with its run, a Kafka backend with the retention of its topic; add a backend of another type that takes it, or set Keep`;
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
