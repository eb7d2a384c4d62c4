// SPDX-License-Identifier: Apache-2.0
import type { FinishedRun } from '../tekton/finished-run.ts';
import { mapsAt, textAt } from '../tekton/go/json-node.ts';
import type { JsonMap } from '../tekton/go/json-node.ts';
import type { TaskRun } from '../tekton/run.ts';

/** A task of the resolved pipeline with its completed TaskRuns; a matrix task has several. */
export interface ExecutedTask {
  readonly task: JsonMap;
  readonly name: string;
  readonly isFinally: boolean;
  readonly taskRuns: readonly TaskRun[];
  /** The PipelineRuns of a task that is a pipeline itself. */
  readonly nested: readonly FinishedRun[];
}

/** List the tasks of a PipelineRun, then its finally tasks; none when the pipeline was never resolved. */
export function executedTasks({ object, children }: FinishedRun): readonly ExecutedTask[] {
  if (object.kind !== 'PipelineRun' || object.pipelineSpec === undefined) return [];
  const byTask = new Map<string, { taskRuns: TaskRun[]; nested: FinishedRun[] }>();
  const runsOf = (name: string) => {
    const runs = byTask.get(name) ?? { taskRuns: [], nested: [] };
    byTask.set(name, runs);
    return runs;
  };
  for (const { reference, object: child, nested } of children) {
    if (nested !== undefined) runsOf(reference.pipelineTaskName).nested.push(nested);
    if (child?.completionTime === undefined) continue;
    runsOf(child.labels.get('tekton.dev/pipelineTask') ?? reference.pipelineTaskName).taskRuns.push(child);
  }
  const executed = (task: JsonMap, isFinally: boolean): ExecutedTask => {
    const name = textAt(task, 'name');
    return { task, name, isFinally, ...(byTask.get(name) ?? { taskRuns: [], nested: [] }) };
  };
  return [
    ...mapsAt(object.pipelineSpec, 'tasks').map((task) => executed(task, false)),
    ...mapsAt(object.pipelineSpec, 'finally').map((task) => executed(task, true)),
  ];
}

/** List the TaskRuns of all tasks in the order of the pipeline; those of a nested pipeline take the place of its task. */
export function executedTaskRuns(run: FinishedRun): readonly TaskRun[] {
  return executedTasks(run).flatMap(({ taskRuns, nested }) => [...taskRuns, ...nested.flatMap(executedTaskRuns)]);
}

/** List the nested PipelineRuns of a run, at every depth, in the order of the pipeline. */
export function nestedRuns(run: FinishedRun): readonly FinishedRun[] {
  return executedTasks(run).flatMap(({ nested }) => nested.flatMap((inner) => [inner, ...nestedRuns(inner)]));
}
