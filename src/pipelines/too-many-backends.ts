// SPDX-License-Identifier: Apache-2.0
import { MAX_BACKENDS } from '../api/v1alpha1/provenance-record/spec.ts';

/** Why no record can be bound to so many backends, with the remedy; undefined when one can. */
export function tooManyBackends(count: number): string | undefined {
  if (count <= MAX_BACKENDS) return undefined;
  return `${count} backends take one run, and a record can have at most ${MAX_BACKENDS}: name the ones to use in spec.backendRefs, or have their selectors take fewer runs`;
}
