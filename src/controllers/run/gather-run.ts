// SPDX-License-Identifier: Apache-2.0
import { reasons } from '../../api/v1alpha1/reasons.ts';
import type { PolicyDefinition } from '../../pipelines/definitions.ts';
import type { Pipeline } from '../../pipelines/pipeline.ts';
import { isFinished, type SelectableRun, whyNotSelected } from '../../pipelines/selection/run-selection.ts';
import type { ReadChild, Sighting } from '../../tekton/children/child-identity.ts';
import { finishedRun, readFinishedRun } from '../../tekton/finished-run.ts';
import { PayloadError } from '../../tekton/payload-error.ts';
import type { RunSummary } from '../../tekton/run-summary.ts';
import { summariseRun } from '../../tekton/run-summary.ts';
import type { ControllerContext } from '../controller-context.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { readRecord, type TrustedRecord } from '../../records/read-record.ts';
import { WaitingError } from '../../runtime/queue/waiting-error.ts';
import { runDigest } from '../../tekton/children/run-digest.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';
import { recordName } from '../../records/record-name.ts';
import { takeUpNotes } from '../child-notes/take-up-notes.ts';
import { field, stringField } from '../../json/fields.ts';
import { childObjects, type ChildReading, TooManyChildren } from './child-objects.ts';
import { childNote, ownNote } from './note-finishes.ts';
import { gatherIndexImages } from './gather-index-images.ts';
import type { PendingPipeline, RunSnapshot } from './run-snapshot.ts';
import { recordKey, type RecordKey } from '../../records/record-key.ts';
import { runKey } from '../../tekton/run-key.ts';
import { isLargerThan } from '../../runtime/cache/approximate-size.ts';
import { isRunOutline } from '../../tekton/run-outline.ts';

/** The wait for the watch to deliver the end of a child, after that of its PipelineRun. */
const DELIVERY_MS = 10_000;
/** A run of so many bytes in memory, with its children, takes some milliseconds to read and to state. */
const HEAVY_BYTES = 128 * 1024;
/** Before any run. */
const NEVER = '1970-01-01T00:00:00Z';

/** A pipeline that selects a run, and the name of the record that it lacks. */
export interface LackingPipeline {
  readonly pipeline: Pipeline;
  readonly recordName: string;
}

/** The pipelines that select a run and have no complete record of it, according to memory. */
export function pendingPipelines(
  context: Pick<ControllerContext, 'pipelines' | 'records' | 'recordRoom' | 'clock' | 'failingSeals'>,
  run: RunSummary,
): readonly LackingPipeline[] {
  if (!isFinished(run)) return [];
  const now = context.clock.now();
  return context.pipelines.forNamespace(run.namespace).flatMap((pipeline) => {
    const { policy } = pipeline;
    if (whyNotSelected(policy, run, now) !== undefined && !waitsForRoom(context, run, policy)) return [];
    const name = recordName(run, policy);
    const key = recordKey({ namespace: run.namespace, name });
    // A record that is left alone for its seal keeps its place: signing the run would come to nothing.
    if (context.failingSeals.holds(key)) return [];
    const record = context.records.get(key);
    const isComplete = record?.isTrusted === true && !record.needsRun;
    return isComplete ? [] : [{ pipeline, recordName: name }];
  });
}

/** The time that a run waits for room does not put it out of scope, and neither do records that retire meanwhile. */
export function waitsForRoom(
  { recordRoom }: Pick<ControllerContext, 'recordRoom'>,
  run: SelectableRun,
  policy: PolicyDefinition,
): boolean {
  const { namespace } = run;
  if (!recordRoom.hasWaiting(namespace)) return false;
  const since = recordRoom.waitingSince(recordKey({ namespace, name: recordName(run, policy) }));
  if (since === undefined) return false;
  return whyNotSelected({ ...policy, retiredBefore: NEVER }, run, since) === undefined;
}

/** The records that a run lacks, according to memory. */
export function missingRecords(context: Parameters<typeof pendingPipelines>[0], run: RunSummary): readonly RecordKey[] {
  const { namespace } = run;
  return pendingPipelines(context, run).map(({ recordName: name }) => recordKey({ namespace, name }));
}

export interface GatherRunOptions {
  readonly childrenDeadlineSeconds: number;
  readonly signal: AbortSignal;
  /** The memory for children. */
  readonly room?: ChildReading['room'];
  /** True when a pipeline is looked at now; each by default. */
  readonly admits?: (lacking: LackingPipeline) => boolean;
}

/** Reads all that the decision about a run needs. @returns undefined when there is nothing to decide */
export async function gatherRun(
  context: ControllerContext,
  object: unknown,
  options: GatherRunOptions,
): Promise<RunSnapshot | undefined> {
  const summary = summariseRun(object);
  if (summary === undefined || !isFinished(summary)) return undefined;
  const { admits = () => true } = options;
  const pipelines = pendingPipelines(context, summary).filter((lacking) => admits(lacking));
  if (pipelines.length === 0) return undefined;
  const { signal, room } = options;
  const isAttested = pipelines.some(({ pipeline }) => pipeline.policy.spec.attestation.format !== 'None');
  const { run, isHeavy } = await readRun(context, object, { summary, isAttested, room }, signal);
  const pending: PendingPipeline[] = [];
  const failures: unknown[] = [];
  for (const { pipeline, recordName: name } of pipelines) {
    try {
      const existing = await existingRecord(context, { namespace: summary.namespace, name }, signal);
      const { indexImages, failure } = await gatherIndexImages(context, { run, summary, pipeline, existing }, signal);
      pending.push({
        pipeline,
        recordName: name,
        existing,
        ...(indexImages === undefined ? {} : { indexImages }),
      });
      // Don't retry registry failures for a deleted run; the record already reports it.
      if (failure !== undefined && context.runs.has(runKey(summary)) !== false) failures.push(failure);
    } catch (error) {
      failures.push(error);
    }
  }
  const deadlineMs = Date.parse(summary.finished.completionTime) + options.childrenDeadlineSeconds * 1000;
  const isChanged = context.finishNotes.recall({ ...ownNote(summary), digest: () => runDigest(object) }) === 'Changed';
  const childrenDeadline = new Date(deadlineMs);
  return { summary, run, isHeavy, isChanged, pending, failures, childrenDeadline, now: context.clock.now() };
}

const unreadOutline: Problem = {
  reason: reasons.RunDeleted,
  message:
    'the run was deleted before it was recorded, and too many deleted runs of its namespace waited to keep more of it than its name: nothing of it can be signed; delete this record',
};

interface RunReading {
  readonly summary: SelectableRun;
  readonly isAttested: boolean;
  readonly room: GatherRunOptions['room'];
}

async function readRun(
  context: ControllerContext,
  object: unknown,
  { summary, isAttested, room }: RunReading,
  signal: AbortSignal,
): Promise<Pick<RunSnapshot, 'run' | 'isHeavy'>> {
  if (isRunOutline(object)) return { run: unreadOutline, isHeavy: false };
  const unseen: string[] = [];
  const recall = ({ object: child, ...read }: ReadChild): Sighting => {
    const sighting = context.finishNotes.recall({ ...childNote(read.parentUID, read), digest: () => runDigest(child) });
    if (sighting === 'Unseen') unseen.push(`${read.kind} ${read.name}`);
    return sighting;
  };
  const reading = { client: context.client, signal, ...(room === undefined ? {} : { room }) };
  try {
    const children = summary.kind === 'PipelineRun' ? await childObjects(reading, object, summary) : [];
    for (const parent of notedParents(summary, children)) await takeUpNotes(context, parent, signal);
    const isHeavy = isLargerThan(HEAVY_BYTES, [object, children]);
    const options = isAttested ? { recall } : {};
    const run = isHeavy
      ? await context.heavyWork.inPieces(summary.namespace, readFinishedRun(object, children, options))
      : finishedRun(object, children, options);
    awaitDelivery(context, summary, unseen);
    return { run, isHeavy };
  } catch (error) {
    if (error instanceof PayloadError || error instanceof TooManyChildren)
      return { run: { reason: reasons[error.reason], message: error.message }, isHeavy: false };
    throw error;
  }
}

/** A PipelineRun, and those of its children that may be nested PipelineRuns. */
function notedParents(
  { kind, namespace, uid }: SelectableRun,
  children: readonly unknown[],
): readonly { readonly namespace: string; readonly uid: string }[] {
  if (kind !== 'PipelineRun') return [];
  const uids = children.flatMap((child) => stringField(field(child, 'metadata'), 'uid') ?? []);
  return [uid, ...uids].map((each) => ({ namespace, uid: each }));
}

/** Waits for the watch of children, which may be behind that of PipelineRuns for a moment. */
function awaitDelivery(
  { finishNotes, clock }: Pick<ControllerContext, 'finishNotes' | 'clock'>,
  { name, namespace, finished }: SelectableRun,
  [first]: readonly string[],
): void {
  const sinceMs = clock.now().getTime() - Date.parse(finished.completionTime);
  if (first === undefined || finishNotes.isFull(namespace) || Math.abs(sinceMs) > DELIVERY_MS) return;
  const message = `child ${first} of PipelineRun ${name} has finished, and the watch has not delivered that yet`;
  throw new WaitingError(reasons.WaitingForChildren, message, 0.5);
}

/** The existing record. A forged one counts as absent; creating ours then finds it. */
async function existingRecord(
  context: ControllerContext,
  name: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<TrustedRecord | undefined> {
  const key = recordKey(name);
  // A record whose creation was not answered, or that another replica made a moment ago, may be there although no watch has delivered it.
  const mayExist = context.ownWrites.isUncertain(key) || context.shards.isUncertain(name.namespace);
  if (context.records.get(key) === undefined && !mayExist) return undefined;
  const object = await context.client.find(hallmarkResource('ProvenanceRecord'), name, { signal });
  const read = object === undefined ? undefined : readRecord(object, context.sealKey, context);
  return read?.isTrusted === true ? read : undefined;
}
