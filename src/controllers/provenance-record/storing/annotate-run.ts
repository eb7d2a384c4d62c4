// SPDX-License-Identifier: Apache-2.0
import { reasons } from '../../../api/v1alpha1/reasons.ts';
import { isAllowed } from '../../../kube/access-review.ts';
import { isForbidden } from '../../../kube/kube-error.ts';
import { KubeRunAnnotator } from '../../../kube/kube-run-annotator.ts';
import type { TrustedRecord } from '../../../records/read-record.ts';
import { runResources } from '../../../kube/tekton-resources.ts';
import { recordKey } from '../../../records/record-key.ts';
import { isReadyStored } from '../../../records/status/record-conditions.ts';
import type { AnnotationFact, StatusFacts } from '../../../records/status/record-facts.ts';
import type { ControllerContext } from '../../controller-context.ts';
import type { Attempts } from '../../memory/records/attempts.ts';
import { chainsAnnotations } from './chains-annotations.ts';
import { recordFacts } from '../state/write-record-status.ts';

/** The part of the context that annotating needs. */
export type AnnotatingContext = Pick<ControllerContext, 'client' | 'fence'>;

const FIELD_MANAGER = 'hallmark-compatibility';

/**
 * Annotates the run of a record that is Ready and stored as Tekton Chains does, where that is to be done. One patch sets all annotations, and
 * sets the same ones when it is repeated. Rejects on abort only. @returns the facts after that
 */
export async function annotateRun(
  { client, fence }: AnnotatingContext,
  attempts: Attempts,
  { record, facts }: { readonly record: TrustedRecord; readonly facts: StatusFacts },
  signal: AbortSignal,
): Promise<StatusFacts> {
  const attempt = { of: 'Annotate', record: recordKey(record.object.metadata) } as const;
  const isDue = facts.annotation?.isDone === false && attempts.isDue(attempt);
  if (!isDue || !isReadyStored(recordFacts(record, facts))) return facts;
  const { metadata, spec, evidence } = record.object;
  const { namespace } = metadata;
  const { kind, name, uid } = spec.runRef;
  const run = { apiVersion: 'tekton.dev/v1', kind, namespace, name, uid } as const;
  fence(namespace);
  try {
    const annotations = chainsAnnotations(evidence?.artifacts ?? []);
    const annotated = await new KubeRunAnnotator(client).annotateRun(run, annotations, FIELD_MANAGER, signal);
    attempts.reset(attempt);
    if (annotated !== undefined) return { ...facts, annotation: { isDone: true } };
    const { annotation, ...others } = facts;
    return others;
  } catch (error) {
    signal.throwIfAborted();
    const access = { verb: 'patch', resource: runResources[kind], namespace } as const;
    // A login that expired, roles that the API server has not read yet and an admission rule refuse for a time only.
    const mayNot = isForbidden(error) && (await isAllowed(client, access, signal)) === false;
    if (!mayNot) attempts.failed(attempt);
    return { ...facts, annotation: failed(error, `${kind} ${namespace}/${name}`, mayNot) };
  }
}

function failed(error: unknown, run: string, mayNot: boolean): AnnotationFact {
  const text = error instanceof Error ? error.message : String(error);
  const [reason, remedy] = mayNot
    ? ([reasons.AnnotationForbidden, 'set rbac.patchRuns in the chart'] as const)
    : ([reasons.Progressing, 'it is tried again'] as const);
  return { isDone: false, problem: { reason, message: `annotating ${run}: ${text}; ${remedy}` } };
}
