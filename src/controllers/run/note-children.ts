// SPDX-License-Identifier: Apache-2.0
import type { Origin } from '../../kube/watch/list-watch-options.ts';
import { controllingPipelineRun } from '../../tekton/children/child-standing.ts';
import { runDigest } from '../../tekton/children/run-digest.ts';
import { runKey } from '../../tekton/run-key.ts';
import type { RunSummary } from '../../tekton/run-summary.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { DeliveredRun } from './run-event-handler.ts';

/** Notes the children of PipelineRuns as the watch delivers them. */
export interface ChildObserver {
  /** @param isPending true when a policy selects the run and has no complete record of it */
  delivered(run: DeliveredRun, origin: Origin, isPending: boolean): void;
  /** @param isPending the same for the last state of the run */
  removed(uid: string, last: DeliveredRun | undefined, isPending: boolean): void;
}

type NotingContext = Pick<ControllerContext, 'childNotes' | 'pipelines' | 'records' | 'runs'>;

/** Names a child among the children of its PipelineRun. */
export function childKey({ kind, name }: { readonly kind: string; readonly name: string }): string {
  // Names of TaskRuns are kept as they are: nearly all children are TaskRuns.
  return kind === 'TaskRun' ? name : `${kind}/${name}`;
}

/** Notes children in namespaces where a policy attests PipelineRuns, and costs nothing elsewhere. */
export function childObserver(context: NotingContext): ChildObserver {
  const { childNotes } = context;
  return {
    delivered(run, origin, isPending) {
      const { summary } = run;
      const isAttested = attestsPipelineRuns(context, summary.namespace);
      if (summary.kind === 'PipelineRun' && (isAttested || childNotes.isNoted(summary.uid))) {
        followParent(context, summary, isPending);
      }
      if (isAttested) noteChild(context, run, origin === 'List');
    },
    removed(uid, last, isPending) {
      // A child that finished and went at once is noted all the same, to tell it from its successor.
      const parentUID = last?.summary.pipelineRunUID ?? '';
      if (last !== undefined && childNotes.isNoted(parentUID)) noteChild(context, last, false);
      // One that is still to be recorded keeps its notes until it is.
      if (!isPending) childNotes.forget(uid);
    },
  };
}

/** Notes whether a PipelineRun is still to be recorded. The children of a nested one are part of the outer one's evidence too. */
export function followParent(
  { childNotes, records }: Pick<NotingContext, 'childNotes' | 'records'>,
  { uid, namespace, finished, pipelineRunUID }: RunSummary,
  isPending: boolean,
): void {
  const isPartOfOther = pipelineRunUID !== undefined && childNotes.isNoted(pipelineRunUID);
  if (finished === undefined || isPending || isPartOfOther) childNotes.open(uid, namespace);
  else if (records.ofRun(uid).length > 0) childNotes.forget(uid);
  else childNotes.close(uid);
}

function attestsPipelineRuns({ pipelines }: NotingContext, namespace: string): boolean {
  return pipelines.forNamespace(namespace).some(({ policy: { spec } }) => {
    return spec.runs.kinds.includes('PipelineRun') && spec.attestation.format !== 'None';
  });
}

function noteChild({ childNotes, runs }: NotingContext, { summary, object }: DeliveredRun, isLater: boolean): void {
  const { namespace, uid, pipelineRunUID } = summary;
  const key = childKey(summary);
  if (object === undefined) {
    if (pipelineRunUID !== undefined) childNotes.reopened({ parentUID: pipelineRunUID, key, uid });
    return;
  }
  const parent = controllingPipelineRun(object);
  if (parent === undefined) return;
  // A PipelineRun that exists and is not noted has its records, or is selected by no policy.
  const exists = runs.has(runKey({ kind: 'PipelineRun', namespace, ...parent })) === true;
  if (exists && !childNotes.isNoted(parent.uid)) return;
  childNotes.note({ namespace, parentUID: parent.uid, key, uid, digest: () => runDigest(object) }, isLater);
}
