// SPDX-License-Identifier: Apache-2.0
import type { FinishedRun } from '../tekton/finished-run.ts';
import { mapsAt, textAt } from '../tekton/json-node.ts';
import type { JsonMap } from '../tekton/json-node.ts';
import type { TaskRun } from '../tekton/run.ts';

/** A task of the resolved pipeline with the TaskRuns that ran it to an end; several for matrix tasks. */
export interface ExecutedTask {
  readonly task: JsonMap;
  readonly name: string;
  readonly isFinally: boolean;
  readonly taskRuns: readonly TaskRun[];
}

/** The tasks of a PipelineRun, then its finally tasks; none when the pipeline was never resolved. */
export function executedTasks({ object, children }: FinishedRun): readonly ExecutedTask[] {
  if (object.kind !== 'PipelineRun' || object.pipelineSpec === undefined) return [];
  const byTask = new Map<string, TaskRun[]>();
  for (const { reference, object: child } of children) {
    if (child?.completionTime === undefined) continue;
    const name = child.labels.get('tekton.dev/pipelineTask') ?? reference.pipelineTaskName;
    const ran = byTask.get(name);
    if (ran === undefined) byTask.set(name, [child]);
    else ran.push(child);
  }
  const executed = (task: JsonMap, isFinally: boolean): ExecutedTask => {
    const name = textAt(task, 'name');
    return { task, name, isFinally, taskRuns: byTask.get(name) ?? [] };
  };
  return [
    ...mapsAt(object.pipelineSpec, 'tasks').map((task) => executed(task, false)),
    ...mapsAt(object.pipelineSpec, 'finally').map((task) => executed(task, true)),
  ];
}

/** The TaskRuns of all tasks, in the order of the pipeline. */
export function executedTaskRuns(run: FinishedRun): readonly TaskRun[] {
  return executedTasks(run).flatMap(({ taskRuns }) => taskRuns);
}
