// SPDX-License-Identifier: Apache-2.0
import type { Condition } from '../api/v1alpha1/condition.ts';
import { reasons } from '../api/v1alpha1/reasons.ts';

/** The condition that says if the run has the annotations of Tekton Chains; absent where the policy asks for none. */
export function annotationOf(
  status: { readonly conditions?: readonly Condition[] } | undefined,
): Condition | undefined {
  return status?.conditions?.find(({ type }) => type === 'RunAnnotated');
}

/** True while the run is still to be annotated. Where the operator may not do that, the record waits for its policy, which asks again. */
export function awaitsAnnotation(status: { readonly conditions?: readonly Condition[] } | undefined): boolean {
  return annotationOf(status)?.status === 'False' && !lacksAnnotation(status);
}

/** True when the run has no annotations of Tekton Chains because the operator may not patch it. */
export function lacksAnnotation(status: { readonly conditions?: readonly Condition[] } | undefined): boolean {
  const condition = annotationOf(status);
  return condition?.status === 'False' && condition.reason === reasons.AnnotationForbidden;
}
