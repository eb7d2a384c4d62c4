// SPDX-License-Identifier: Apache-2.0
import { labelSelectorMatches } from '../api/v1alpha1/fields/label-selector.ts';
import type { BackendRef } from '../api/v1alpha1/provenance-record/schema.ts';
import { MAX_BACKENDS } from '../api/v1alpha1/provenance-record/spec.ts';
import type { Pipeline } from './pipeline.ts';

/**
 * The backends that a run's evidence is promised to, for freezing into its record: those in the policy's reach whose selector
 * takes the run, and those the policy names that do not exist (the record waits for them). Undefined when there is none, or
 * more than a record is bound to, so that the promise is made later.
 */
export function backendRefsOf(
  pipeline: Pipeline,
  runLabels: Readonly<Record<string, string>>,
): readonly BackendRef[] | undefined {
  const taking = pipeline.backends.filter(({ spec }) => labelSelectorMatches(spec.selector, runLabels));
  const refs = [
    ...taking.map(({ kind, name, uid }) => ({ kind, name, uid })),
    ...pipeline.missing.map(({ kind, name }) => ({ kind, name })),
  ];
  return refs.length === 0 || refs.length > MAX_BACKENDS ? undefined : refs;
}

/** The reason why no record can be bound to so many backends, with the remedy; undefined when one can. */
export function tooManyBackends(count: number): string | undefined {
  if (count <= MAX_BACKENDS) return undefined;
  return `${count} backends take one run, and a record can have at most ${MAX_BACKENDS}: name the ones to use in spec.backendRefs, or have their selectors take fewer runs`;
}
