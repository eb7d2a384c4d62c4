// SPDX-License-Identifier: Apache-2.0
import type { ChildRun, FinishedRun } from '../../tekton/finished-run.ts';
import type { Encodable, EncodableObject } from '../../tekton/go/encode-json.ts';
import { mapAt, mapsAt, textAt } from '../../tekton/go/json-node.ts';
import type { JsonMap } from '../../tekton/go/json-node.ts';
import { outcomeOf } from '../../tekton/run-outcome.ts';
import type { TaskRun } from '../../tekton/run.ts';
import { executedTaskRuns } from '../executed-tasks.ts';
import { nativeByProducts } from '../native-artifacts.ts';
import { jsonByProduct } from './resource-descriptor.ts';
import type { ResourceDescriptor } from './resource-descriptor.ts';

/**
 * List facts that the reference does not state: the outcome of a run that did not succeed; failures within a run that
 * went on, by task, step and attempt; children that are not TaskRuns; native outputs that are not build outputs. A
 * plain succeeded run has none of them, so its payload equals that of the reference.
 */
export function hallmarkByProducts(run: FinishedRun, deepInspection: boolean): readonly ResourceDescriptor[] {
  const outcome = run.summary.finished?.outcome;
  const { object } = run;
  const taskRuns = object.kind === 'TaskRun' ? [object] : deepInspection ? executedTaskRuns(run) : [];
  return [
    ...(outcome === undefined || outcome === 'Succeeded' ? [] : [jsonByProduct('hallmark/outcome', outcome)]),
    ...listed('hallmark/children', childStatements(run)),
    ...(object.kind === 'TaskRun' ? listed('hallmark/steps', ignoredSteps(object)) : []),
    ...(object.kind === 'TaskRun' ? listed('hallmark/attempts', earlierAttempts(object)) : []),
    ...taskRuns.flatMap(artifactsOf),
  ];
}

function listed(name: string, entries: readonly Encodable[]): readonly ResourceDescriptor[] {
  return entries.length === 0 ? [] : [jsonByProduct(name, entries)];
}

function artifactsOf(run: TaskRun): readonly ResourceDescriptor[] {
  return nativeByProducts(run).map(({ artifact, name, digest }) => ({
    name: `hallmark/artifacts/${run.name}/${artifact}`,
    uri: name,
    digest,
  }));
}

/** Describe children that are not TaskRuns, and TaskRuns with an ignored failure. */
function childStatements(run: FinishedRun): readonly EncodableObject[] {
  return run.children.flatMap((child) => {
    if (child.reference.kind !== 'TaskRun') return [otherChild(child)];
    const stated = failureOf(child, run);
    return stated === undefined ? [] : [stated];
  });
}

function otherChild({ reference, uid, outcome, nested }: ChildRun): EncodableObject {
  const inner = nested === undefined ? [] : childStatements(nested);
  return { ...named(reference), uid, outcome, children: inner.length === 0 ? undefined : inner };
}

/** Describe the failures of a TaskRun, if there are any. */
function failureOf({ reference, uid, outcome, object }: ChildRun, run: FinishedRun): EncodableObject | undefined {
  const steps = object === undefined ? [] : ignoredSteps(object);
  const attempts = object === undefined ? [] : earlierAttempts(object);
  const failed = outcome !== undefined && outcome !== 'Succeeded' && isIgnored(run, taskOf(reference, object));
  if (!failed && steps.length === 0 && attempts.length === 0) return undefined;
  return {
    ...{ ...named(reference), uid, outcome },
    steps: steps.length === 0 ? undefined : steps,
    attempts: attempts.length === 0 ? undefined : attempts,
  };
}

function named({ apiVersion, kind, name, pipelineTaskName }: ChildRun['reference']): EncodableObject {
  return { apiVersion, kind, name, pipelineTaskName };
}

function taskOf({ pipelineTaskName }: ChildRun['reference'], object: TaskRun | undefined): string {
  return pipelineTaskName === '' ? (object?.labels.get('tekton.dev/pipelineTask') ?? '') : pipelineTaskName;
}

/** True when the pipeline continues after this task fails. */
function isIgnored({ object }: FinishedRun, pipelineTaskName: string): boolean {
  if (object.kind !== 'PipelineRun' || object.pipelineSpec === undefined) return false;
  const tasks = [...mapsAt(object.pipelineSpec, 'tasks'), ...mapsAt(object.pipelineSpec, 'finally')];
  return tasks.some((task) => textAt(task, 'name') === pipelineTaskName && textAt(task, 'onError') === 'continue');
}

/** Steps with `onError: continue` that failed. */
function ignoredSteps({ node, taskSpec }: TaskRun): readonly EncodableObject[] {
  const specs = taskSpec === undefined ? [] : mapsAt(taskSpec, 'steps');
  const continuing = new Set(specs.filter((s) => textAt(s, 'onError') === 'continue').map((s) => textAt(s, 'name')));
  return mapsAt(mapAt(node, 'status'), 'steps')
    .filter((state) => textAt(state, 'terminationReason') === 'Continued' || continuing.has(textAt(state, 'name')))
    .map(stepState)
    .filter(({ exitCode }) => exitCode !== undefined && exitCode !== 0);
}

function earlierAttempts({ node }: TaskRun): readonly EncodableObject[] {
  return mapsAt(mapAt(node, 'status'), 'retriesStatus').map((status) => {
    const condition = mapsAt(status, 'conditions').find((entry) => textAt(entry, 'type') === 'Succeeded');
    const [state, reason] =
      condition === undefined ? ['', ''] : [textAt(condition, 'status'), textAt(condition, 'reason')];
    const steps = mapsAt(status, 'steps').map(stepState);
    return {
      outcome: outcomeOf(state, reason),
      reason: orAbsent(reason),
      startedOn: orAbsent(textAt(status, 'startTime')),
      finishedOn: orAbsent(textAt(status, 'completionTime')),
      steps: steps.length === 0 ? undefined : steps,
    };
  });
}

function stepState(state: JsonMap): EncodableObject {
  const terminated = mapAt(state, 'terminated');
  return {
    name: textAt(state, 'name'),
    imageID: orAbsent(textAt(state, 'imageID')),
    exitCode: terminated.get('exitCode'),
    reason: orAbsent(textAt(terminated, 'reason')),
  };
}

function orAbsent(text: string): string | undefined {
  return text === '' ? undefined : text;
}
