// SPDX-License-Identifier: Apache-2.0
import type { Origin } from '../../kube/watch/list-watch-options.ts';
import { controllingPipelineRun } from '../../tekton/children/child-identity.ts';
import { recordsChildren } from '../../pipelines/records-children.ts';
import { maySelect } from '../../pipelines/selection/run-selection.ts';
import { runDigest } from '../../tekton/children/run-digest.ts';
import { runKey } from '../../tekton/run-key.ts';
import type { RunSummary } from '../../tekton/run-summary.ts';
import type { ControllerContext } from '../controller-context.ts';
import { type FinishedRunNote, NESTED } from '../memory/runs/finish-notes.ts';
import type { DeliveredRun } from './delivered-run.ts';

/** Notes runs that are to be recorded, and the children of PipelineRuns, as the watch delivers them. */
export interface FinishObserver {
  /** @param isPending true when a policy selects the run and has no complete record of it */
  delivered(run: DeliveredRun, origin: Origin, isPending: boolean): void;
  /** @param isPending the same for the last state of the run */
  removed(uid: string, last: DeliveredRun | undefined, isPending: boolean): void;
}

type NotingContext = Pick<ControllerContext, 'clock' | 'finishNotes' | 'pipelines' | 'records' | 'runs'>;
/** The parts of a note that name a run. */
type NotedName = Pick<FinishedRunNote, 'parentUID' | 'key' | 'uid'>;

/** Names a run as a child of a PipelineRun. */
export function childNote(
  parentUID: string,
  { kind, name, uid }: Pick<RunSummary, 'kind' | 'name' | 'uid'>,
): NotedName {
  // Names of TaskRuns are kept as they are: nearly all children are TaskRuns.
  return { parentUID, key: kind === 'TaskRun' ? name : `${NESTED}${name}`, uid };
}

/** Names a run for itself. */
export function ownNote({ uid }: Pick<RunSummary, 'uid'>): NotedName {
  return { parentUID: uid, key: '', uid };
}

/** Children are noted in namespaces where a policy attests PipelineRuns. */
export function finishObserver(context: NotingContext): FinishObserver {
  const { finishNotes } = context;
  return {
    delivered(run, origin, isPending) {
      const { summary, object } = run;
      const delivery: Delivery = { run, isLater: origin === 'List', digest: digestOnce(object) };
      const isAttested = attestsPipelineRuns(context, summary.namespace);
      if (isPending || isAttested || finishNotes.isNoted(summary.uid)) followRun(context, summary, isPending);
      if (object === undefined) finishNotes.reopened(ownNote(summary));
      else if (isPending) note(context, ownNote(summary), delivery);
      if (isAttested) noteChild(context, delivery);
    },
    removed(uid, last, isPending) {
      // A child that finished and went at once is noted all the same, to tell it from its successor.
      const parentUID = last?.summary.pipelineRunUID ?? '';
      if (last !== undefined && finishNotes.isNoted(parentUID)) {
        noteChild(context, { run: last, isLater: false, digest: digestOnce(last.object) });
      }
      // One that is still to be recorded keeps its notes until it is.
      if (!isPending) finishNotes.forget(uid);
    },
  };
}

/**
 * Notes whether a run is still to be recorded. The children of a nested PipelineRun are part of the outer one's evidence too.
 */
export function followRun(context: Omit<NotingContext, 'runs'>, run: RunSummary, isPending: boolean): void {
  const { finishNotes, records } = context;
  const { kind, uid, namespace, finished, pipelineRunUID } = run;
  const isParent = kind === 'PipelineRun';
  const isPartOfOther = isParent && pipelineRunUID !== undefined && finishNotes.isNoted(pipelineRunUID);
  if (isPending || isPartOfOther || (isParent && finished === undefined)) {
    finishNotes.open(uid, namespace);
    if (isParent) finishNotes.setRecorded(uid, isRecorded(context, run));
  } else if (!isParent || records.ofRun(uid).length > 0) finishNotes.forget(uid);
  else finishNotes.close(uid);
}

/** A PipelineRun that a policy may select with `children.notes: Recorded`, or one that is nested in such a run. */
function isRecorded({ clock, finishNotes, pipelines }: Omit<NotingContext, 'runs'>, run: RunSummary): boolean {
  const { namespace, pipelineRunUID } = run;
  if (pipelineRunUID !== undefined && finishNotes.recorded(pipelineRunUID) !== undefined) return true;
  return pipelines
    .forNamespace(namespace)
    .some(({ policy }) => recordsChildren(policy) && maySelect(policy, run, clock.now()));
}

interface Delivery {
  readonly run: DeliveredRun;
  readonly isLater: boolean;
  readonly digest: () => string;
}

/** One digest of a delivery, however many notes it makes. */
function digestOnce(object: unknown): () => string {
  let digest: string | undefined;
  return () => (digest ??= runDigest(object));
}

function attestsPipelineRuns({ pipelines }: NotingContext, namespace: string): boolean {
  return pipelines.forNamespace(namespace).some(({ policy: { spec } }) => {
    return spec.runs.kinds.includes('PipelineRun') && spec.attestation.format !== 'None';
  });
}

function noteChild(context: NotingContext, delivery: Delivery): void {
  const { finishNotes, runs } = context;
  const { summary, object } = delivery.run;
  if (object === undefined) {
    if (summary.pipelineRunUID !== undefined) finishNotes.reopened(childNote(summary.pipelineRunUID, summary));
    return;
  }
  const parent = controllingPipelineRun(object);
  if (parent === undefined) return;
  // A PipelineRun that exists and is not noted has its records, or is selected by no policy.
  const exists = runs.has(runKey({ kind: 'PipelineRun', namespace: summary.namespace, ...parent })) === true;
  if (!exists || finishNotes.isNoted(parent.uid)) note(context, childNote(parent.uid, summary), delivery);
}

function note({ finishNotes }: NotingContext, name: NotedName, { run, digest, isLater }: Delivery): void {
  finishNotes.note({ ...name, namespace: run.summary.namespace, digest }, isLater);
}
