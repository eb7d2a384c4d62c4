// SPDX-License-Identifier: Apache-2.0
import { field, listField } from '../api/v1alpha1/field.ts';
import type { ChildReference, ChildRun } from './child-run.ts';
import { mapsAt, textAt } from './json-node.ts';
import type { JsonMap } from './json-node.ts';
import { PayloadError } from './payload-error.ts';
import { parseRun } from './run.ts';
import type { PipelineRun, Run, TaskRun } from './run.ts';
import { isRunKind, runApiVersion } from './run-identity.ts';
import { runFacts } from './run-summary.ts';
import type { RunSummary } from './run-summary.ts';

/** A run with everything that its payloads are made from. */
export interface FinishedRun {
  readonly summary: RunSummary;
  readonly object: Run;
  /** The children of a PipelineRun in the order of its references; empty for a TaskRun. */
  readonly children: readonly ChildRun[];
  /** Names of the TaskRuns that the run refers to and that were not given. */
  readonly missingChildren: readonly string[];
}

export interface FinishedRunOptions {
  /**
   * UID: a child must be owned by the run, as in a cluster. Name: hand-written files, where owners and UIDs may be missing;
   * a TaskRun that no reference names but whose `tekton.dev/pipelineTask` label does name a task of the run counts too.
   */
  readonly matchBy?: 'UID' | 'Name';
}

/**
 * Reads a run and finds its children among the objects given.
 *
 * @param object a TaskRun or PipelineRun as JSON
 * @param childObjects whatever may be a child of it: TaskRuns, CustomRuns, PipelineRuns
 * @throws PayloadError when the run or one of its TaskRuns cannot be read
 */
export function finishedRun(
  object: unknown,
  childObjects: readonly unknown[],
  options: FinishedRunOptions = {},
): FinishedRun {
  const run = readRun(object);
  const summary: RunSummary = {
    apiVersion: runApiVersion,
    kind: run.kind,
    namespace: run.namespace,
    name: run.name,
    uid: run.uid,
    ...runFacts(run.kind, object),
  };
  if (run.kind === 'TaskRun') return { summary, object: run, children: [], missingChildren: [] };
  const children = childrenOf(run, childObjects, options.matchBy ?? 'UID');
  const missingChildren = children
    .filter(({ reference, object: child }) => isTaskRunReference(reference) && child === undefined)
    .map(({ reference }) => reference.name);
  return { summary, object: run, children, missingChildren };
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

/** A given object, read no further than needed to match it. */
interface Candidate {
  readonly kind: string;
  readonly name: string;
  readonly object: unknown;
}

function childrenOf(run: PipelineRun, objects: readonly unknown[], matchBy: 'UID' | 'Name'): readonly ChildRun[] {
  const candidates = objects.filter((object) => belongs(run, object, matchBy)).map(candidate);
  const byName = new Map(candidates.map((found) => [`${found.kind}/${found.name}`, found]));
  const children: ChildRun[] = [];
  const taken = new Set<string>();
  for (const entry of run.childReferences) {
    const reference = childReference(entry);
    const key = `${reference.kind}/${reference.name}`;
    if (taken.has(key)) continue;
    taken.add(key);
    children.push(childRun(reference, byName.get(key)?.object));
  }
  if (matchBy === 'UID') return children;
  return [...children, ...unreferenced(run, candidates, taken)];
}

/** TaskRuns of hand-written files that only their label ties to the run. */
function unreferenced(run: PipelineRun, candidates: readonly Candidate[], taken: ReadonlySet<string>): ChildRun[] {
  const { pipelineSpec } = run;
  if (pipelineSpec === undefined) return [];
  const tasks = [...mapsAt(pipelineSpec, 'tasks'), ...mapsAt(pipelineSpec, 'finally')];
  const names = new Set(tasks.map((task) => textAt(task, 'name')));
  const found: ChildRun[] = [];
  for (const { kind, name, object } of candidates) {
    if (kind !== 'TaskRun' || taken.has(`${kind}/${name}`)) continue;
    const child = readTaskRun(name, object);
    const pipelineTaskName = child.labels.get('tekton.dev/pipelineTask') ?? '';
    const owner = child.labels.get('tekton.dev/pipelineRun') ?? run.name;
    if (!names.has(pipelineTaskName) || owner !== run.name) continue;
    found.push(childRun({ apiVersion: runApiVersion, kind, name, pipelineTaskName }, object));
  }
  return found;
}

function childReference(entry: JsonMap): ChildReference {
  return {
    apiVersion: textAt(entry, 'apiVersion') || runApiVersion,
    kind: textAt(entry, 'kind') || 'TaskRun',
    name: textAt(entry, 'name'),
    pipelineTaskName: textAt(entry, 'pipelineTaskName'),
  };
}

function childRun(reference: ChildReference, object: unknown): ChildRun {
  if (object === undefined) return { reference };
  const outcome = runFacts('TaskRun', object).finished?.outcome;
  const uid = textField(field(object, 'metadata'), 'uid');
  return {
    reference,
    ...(isTaskRunReference(reference) ? { object: readTaskRun(reference.name, object) } : {}),
    ...(uid === '' ? {} : { uid }),
    ...(outcome === undefined ? {} : { outcome }),
  };
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

/** In a cluster only the owner reference counts: labels are whatever somebody wrote. */
function belongs(run: PipelineRun, object: unknown, matchBy: 'UID' | 'Name'): boolean {
  const metadata = field(object, 'metadata');
  const namespace = textField(metadata, 'namespace');
  const uids = listField(metadata, 'ownerReferences').map((owner) => textField(owner, 'uid'));
  if (matchBy === 'UID') return namespace === run.namespace && run.uid !== '' && uids.includes(run.uid);
  return namespace === '' || run.namespace === '' || namespace === run.namespace;
}

function candidate(object: unknown): Candidate {
  return { kind: textField(object, 'kind') || 'TaskRun', name: textField(field(object, 'metadata'), 'name'), object };
}

function textField(object: unknown, key: string): string {
  const value = field(object, key);
  return typeof value === 'string' ? value : '';
}
