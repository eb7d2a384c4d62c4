// SPDX-License-Identifier: Apache-2.0
import { field } from '../json/fields.ts';
import { type ReadChild, type ReplacedChild, type Sighting, whyReplaced } from './children/child-identity.ts';
import { mapsAt, textAt } from './go/json-node.ts';
import type { JsonMap } from './go/json-node.ts';
import { PayloadError } from './payload-error.ts';
import { parseRun } from './run.ts';
import type { PipelineRun, Run, TaskRun } from './run.ts';
import { isRunKind, runApiVersion } from './run-identity.ts';
import { runFacts, statedEnd } from './run-summary.ts';
import type { RunSummary } from './run-summary.ts';
import type { Outcome } from './run-outcome.ts';

/** A run with everything that its payloads are made from. */
export interface FinishedRun {
  readonly summary: RunSummary;
  readonly object: Run;
  /** The children of a PipelineRun in the order of its references; empty for a TaskRun. */
  readonly children: readonly ChildRun[];
  /** Names of the TaskRuns that the run refers to and that were not given. */
  readonly missingChildren: readonly string[];
  /** Children that are left out, as the objects under their names are not the ones that ran. */
  readonly replacedChildren: readonly ReplacedChild[];
  /** Names of the children that were not seen finishing: they are stated as they were read later. */
  readonly laterChildren: readonly string[];
}

export interface FinishedRunOptions {
  /**
   * UID: a child must be controlled by the run and as old, as in a cluster. Name: files, which prove nothing about their
   * author: owners, UIDs and times may be missing and are not compared; a TaskRun without a reference also counts if its
   * `tekton.dev/pipelineTask` label names a task of the run.
   */
  readonly matchBy?: 'UID' | 'Name';
  /** Recalls how a finished TaskRun or PipelineRun was seen; each as `Seen` when absent. */
  readonly recall?: (child: ReadChild) => Sighting;
}

/** Nested PipelineRuns are read to this depth; deeper ones are only named. */
export const MAX_NESTING = 4;
/** The most nested PipelineRuns that are read for one run, at all depths together. */
export const MAX_NESTED_RUNS = 64;

/**
 * Read a run and find its children among the given objects.
 *
 * @param object a TaskRun or PipelineRun as JSON
 * @param childObjects candidates for its children: TaskRuns, CustomRuns, PipelineRuns
 * @throws PayloadError when the run or one of its TaskRuns cannot be read
 */
export function finishedRun(
  object: unknown,
  childObjects: readonly unknown[],
  options: FinishedRunOptions = {},
): FinishedRun {
  const reading = readFinishedRun(object, childObjects, options);
  for (;;) {
    const { done, value } = reading.next();
    if (done === true) return value;
  }
}

/** The same step by step, one for each child: thousands take the thread for longer than other work may wait. */
export function readFinishedRun(
  object: unknown,
  childObjects: readonly unknown[],
  options: FinishedRunOptions = {},
): Steps<FinishedRun> {
  const { matchBy = 'UID', recall = () => 'Seen' } = options;
  return readTree(object, { objects: childObjects, matchBy, recall, depth: 0, budget: { runs: MAX_NESTED_RUNS } });
}

/** Work that stops after each step, and returns its result. */
type Steps<T> = Generator<undefined, T, undefined>;

/** The position within nested pipelines while reading. */
interface Nesting {
  readonly objects: readonly unknown[];
  readonly matchBy: 'UID' | 'Name';
  readonly recall: (child: ReadChild) => Sighting;
  readonly depth: number;
  /** The number of nested runs that may still be read; counted down. */
  readonly budget: { runs: number };
}

function* readTree(object: unknown, nesting: Nesting): Steps<FinishedRun> {
  const run = nesting.depth === 0 ? readRun(object) : parseRun('PipelineRun', object);
  const summary: RunSummary = {
    apiVersion: runApiVersion,
    kind: run.kind,
    namespace: run.namespace,
    name: run.name,
    uid: run.uid,
    ...runFacts(run.kind, object),
  };
  const children = run.kind === 'TaskRun' ? [] : yield* childrenOf(run, statedEnd(object), nesting);
  const absent = children.filter((child) => isTaskRunReference(child.reference) && child.object === undefined);
  const missing = absent.filter(({ replaced }) => replaced === undefined).map(({ reference }) => reference.name);
  const nested = children.flatMap((child) => child.nested ?? []);
  return {
    summary,
    object: run,
    children,
    missingChildren: [...missing, ...nested.flatMap(({ missingChildren }) => missingChildren)],
    replacedChildren: [
      ...children.flatMap(({ replaced }) => replaced ?? []),
      ...nested.flatMap(({ replacedChildren }) => replacedChildren),
    ],
    laterChildren: [
      ...children.filter(({ isLater }) => isLater).map(({ reference }) => reference.name),
      ...nested.flatMap(({ laterChildren }) => laterChildren),
    ],
  };
}

function readRun(object: unknown): Run {
  const kind = field(object, 'kind');
  if (!isRunKind(kind)) throw new PayloadError('PayloadInvalid', 'kind must be TaskRun or PipelineRun');
  const apiVersion = field(object, 'apiVersion');
  if (apiVersion !== undefined && apiVersion !== runApiVersion) {
    throw new PayloadError('PayloadInvalid', `${kind}.apiVersion must be ${runApiVersion}`);
  }
  return parseRun(kind, object);
}

/** A given object, read only as far as matching needs. */
interface Candidate {
  readonly kind: string;
  readonly name: string;
  readonly object: unknown;
}

function* childrenOf(
  run: PipelineRun,
  completionTime: string | undefined,
  nesting: Nesting,
): Steps<readonly ChildRun[]> {
  const { objects, matchBy } = nesting;
  const candidates = objects.filter((object) => isInReach(run, object, matchBy)).map(candidate);
  const byName = new Map(candidates.map((entry) => [`${entry.kind}/${entry.name}`, entry]));
  const children: ChildRun[] = [];
  const taken = new Set<string>();
  for (const entry of run.childReferences) {
    const reference = childReference(entry);
    const key = `${reference.kind}/${reference.name}`;
    if (taken.has(key)) continue;
    taken.add(key);
    children.push(yield* judgedChild(reference, byName.get(key)?.object, { run, completionTime, nesting }));
    yield;
  }
  // For a nested run of a file, a label does not identify the parent of a TaskRun.
  if (matchBy === 'UID' || nesting.depth > 0) return children;
  return [...children, ...(yield* unreferenced(run, candidates, { taken, nesting }))];
}

/** TaskRuns of hand-written files that only their label ties to the run. */
function* unreferenced(
  run: PipelineRun,
  candidates: readonly Candidate[],
  { taken, nesting }: { readonly taken: ReadonlySet<string>; readonly nesting: Nesting },
): Steps<readonly ChildRun[]> {
  const { pipelineSpec } = run;
  if (pipelineSpec === undefined) return [];
  const tasks = [...mapsAt(pipelineSpec, 'tasks'), ...mapsAt(pipelineSpec, 'finally')];
  const names = new Set(tasks.map((task) => textAt(task, 'name')));
  const labelled: ChildRun[] = [];
  for (const { kind, name, object } of candidates) {
    if (kind !== 'TaskRun' || taken.has(`${kind}/${name}`)) continue;
    const child = readTaskRun(name, object);
    const pipelineTaskName = child.labels.get('tekton.dev/pipelineTask') ?? '';
    const owner = child.labels.get('tekton.dev/pipelineRun') ?? run.name;
    if (!names.has(pipelineTaskName) || owner !== run.name) continue;
    labelled.push(yield* childRun({ apiVersion: runApiVersion, kind, name, pipelineTaskName }, object, nesting));
  }
  return labelled;
}

interface Parenthood {
  readonly run: PipelineRun;
  readonly completionTime: string | undefined;
  readonly nesting: Nesting;
}

/** Read a child, unless the object under its name is not the one that ran. Custom runs are only named in evidence, and not watched. */
function* judgedChild(reference: ChildReference, object: unknown, parent: Parenthood): Steps<ChildRun> {
  const { run, completionTime, nesting } = parent;
  if (object === undefined || nesting.matchBy === 'Name') return yield* childRun(reference, object, nesting);
  const { kind, name } = reference;
  const uid = textField(field(object, 'metadata'), 'uid');
  const isWatched = isRunKind(kind) && runFacts(kind, object).finished !== undefined;
  const sighting = isWatched ? nesting.recall({ parentUID: run.uid, kind, name, uid, object }) : 'Seen';
  const why = whyReplaced(object, { name: run.name, uid: run.uid, completionTime }, sighting);
  if (why !== undefined) return { ...(yield* childRun(reference, undefined, nesting)), replaced: { kind, name, why } };
  return { ...(yield* childRun(reference, object, nesting)), isLater: sighting === 'Later' || sighting === 'Unseen' };
}

function childReference(entry: JsonMap): ChildReference {
  return {
    apiVersion: textAt(entry, 'apiVersion') || runApiVersion,
    kind: textAt(entry, 'kind') || 'TaskRun',
    name: textAt(entry, 'name'),
    pipelineTaskName: textAt(entry, 'pipelineTaskName'),
  };
}

function* childRun(reference: ChildReference, object: unknown, nesting: Nesting): Steps<ChildRun> {
  const uid = textField(field(object, 'metadata'), 'uid');
  const isTaskRun = object !== undefined && isTaskRunReference(reference);
  return {
    reference,
    isGiven: object !== undefined,
    isLater: false,
    replaced: undefined,
    object: isTaskRun ? readTaskRun(reference.name, object) : undefined,
    nested: object === undefined ? undefined : yield* nestedRun(reference, object, nesting),
    uid: uid === '' ? undefined : uid,
    outcome: runFacts('TaskRun', object).finished?.outcome,
  };
}

/** Read a child that is a pipeline itself, with its own children from the same objects. */
function* nestedRun(reference: ChildReference, object: unknown, nesting: Nesting): Steps<FinishedRun | undefined> {
  const { depth, budget } = nesting;
  if (reference.kind !== 'PipelineRun' || !reference.apiVersion.startsWith('tekton.dev/')) return undefined;
  if (depth >= MAX_NESTING || budget.runs <= 0) return undefined;
  budget.runs -= 1;
  try {
    return yield* readTree(object, { ...nesting, depth: depth + 1 });
  } catch (error) {
    if (!(error instanceof PayloadError)) throw error;
    throw new PayloadError(error.reason, `child PipelineRun ${reference.name}: ${error.message}`, { cause: error });
  }
}

function readTaskRun(name: string, object: unknown): TaskRun {
  try {
    const run = parseRun('TaskRun', object);
    if (run.kind === 'TaskRun') return run;
  } catch (error) {
    if (!(error instanceof PayloadError)) throw error;
    throw new PayloadError(error.reason, `child TaskRun ${name}: ${error.message}`, { cause: error });
  }
  throw new PayloadError('PayloadInvalid', `child ${name} must be a TaskRun`);
}

function isTaskRunReference({ apiVersion, kind }: ChildReference): boolean {
  return kind === 'TaskRun' && apiVersion.startsWith('tekton.dev/');
}

/** True when an object may be a child by its namespace, which a file may leave out. */
function isInReach(run: PipelineRun, object: unknown, matchBy: 'UID' | 'Name'): boolean {
  const namespace = textField(field(object, 'metadata'), 'namespace');
  return namespace === run.namespace || (matchBy === 'Name' && (namespace === '' || run.namespace === ''));
}

function candidate(object: unknown): Candidate {
  return { kind: textField(object, 'kind') || 'TaskRun', name: textField(field(object, 'metadata'), 'name'), object };
}

function textField(object: unknown, key: string): string {
  const value = field(object, key);
  return typeof value === 'string' ? value : '';
}

/** An entry of a PipelineRun's `status.childReferences`. */
export interface ChildReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly pipelineTaskName: string;
}

/** A child of a PipelineRun, in the order of its references. */
export interface ChildRun {
  readonly reference: ChildReference;
  /** The TaskRun; absent when it is gone and for children of other kinds. */
  readonly object: TaskRun | undefined;
  /** The nested PipelineRun with its own children, when its object was given and the nesting is not too deep. */
  readonly nested: FinishedRun | undefined;
  /** True when its object was given, even if its nesting is too deep to read it. */
  readonly isGiven: boolean;
  /** The object under its name, which is not the child that ran; it counts as not given. */
  readonly replaced: ReplacedChild | undefined;
  /** True when the operator did not see it finish. */
  readonly isLater: boolean;
  /** The UID of a child of any kind, when its object was given. */
  readonly uid: string | undefined;
  /** Absent while the child runs, and when its object was not given. */
  readonly outcome: Outcome | undefined;
}
