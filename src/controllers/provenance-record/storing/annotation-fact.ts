// SPDX-License-Identifier: Apache-2.0
import { knownReason } from '../../../api/v1alpha1/reasons.ts';
import type { AnnotationFact } from '../../../records/status/record-facts.ts';
import { hasNothingToSign } from '../../../records/record-summary.ts';
import { annotationOf } from '../../../records/run-annotation.ts';
import type { RecordSnapshot } from '../state/record-snapshot.ts';

/**
 * The progress of the annotations of Tekton Chains before anything is stored; undefined where the policy asks for none, where there is no
 * run to annotate, and where the run has nothing to sign: "signed" would be false of it.
 */
export function annotationFact({ record, policy, hasRun }: RecordSnapshot): AnnotationFact | undefined {
  const isAsked = policy?.spec.compatibility.chainsAnnotations === true && record.object.spec.mode === 'Enforce';
  if (!isAsked || hasRun === false || hasNothingToSign(record)) return undefined;
  const before = annotationOf(record.object.status);
  if (before?.status === 'True') return { isDone: true };
  const reason = knownReason(before?.reason);
  return {
    isDone: false,
    ...(before === undefined || reason === undefined ? {} : { problem: { reason, message: before.message } }),
  };
}
