// SPDX-License-Identifier: Apache-2.0
import type { Condition } from '../api/v1alpha1/condition.ts';
import { reasons } from '../api/v1alpha1/reasons.ts';

/** The condition that says if the run has the annotations of Tekton Chains; absent where the policy asks for none. */
export function annotationOf(
  status: { readonly conditions?: readonly Condition[] } | undefined,
): Condition | undefined {
  return status?.conditions?.find(({ type }) => type === 'RunAnnotated');
}

/** True while the run is still to be annotated. An operator that may not is not: its policy reports that. */
export function awaitsAnnotation(status: { readonly conditions?: readonly Condition[] } | undefined): boolean {
  const condition = annotationOf(status);
  return condition?.status === 'False' && condition.reason !== reasons.AnnotationForbidden;
}
