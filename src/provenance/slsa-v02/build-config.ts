// SPDX-License-Identifier: Apache-2.0
import { warning } from '../../api/v1alpha1/warning.ts';
import type { Encodable } from '../../tekton/go/encode-json.ts';
import type { FinishedRun } from '../../tekton/finished-run.ts';
import { quoted } from '../../tekton/quoted.ts';
import { formatNanoseconds } from '../../tekton/go/go-time.ts';
import { listAt, mapAt, mapsAt, textAt, textsAt } from '../../tekton/go/json-node.ts';
import type { JsonMap } from '../../tekton/go/json-node.ts';
import type { StepState, TaskRun } from '../../tekton/run.ts';
import { executedTasks } from '../executed-tasks.ts';
import type { ExecutedTask } from '../executed-tasks.ts';
import { withoutPullablePrefix } from '../image-materials.ts';
import { statedTime } from '../stated-time.ts';
import { invocation } from './invocation.ts';
import { tasksBefore } from './task-order.ts';

const noStep: JsonMap = new Map();

/** List the steps of a TaskRun, each joined with the step of the same name in the task. */
export function taskBuildConfig(run: TaskRun): Encodable {
  const specs = run.taskSpec === undefined ? [] : mapsAt(run.taskSpec, 'steps');
  // Reversed, so that the first of equal names counts.
  const byName = new Map(specs.toReversed().map((step) => [textAt(step, 'name'), step]));
  return { steps: run.steps.map((state) => buildStep(state, byName.get(state.name) ?? noStep)) };
}

/**
 * List the tasks of a PipelineRun in the order of the pipeline, each with its predecessors. As in the reference, a task
 * whose steps do not match its definition is left out, with a warning.
 */
export function pipelineBuildConfig(run: FinishedRun, warnings: string[]): Encodable {
  if (run.object.kind !== 'PipelineRun' || run.object.pipelineSpec === undefined) return { tasks: null };
  const account = textAt(mapAt(run.object.spec, 'taskRunTemplate'), 'serviceAccountName');
  const tasks: Encodable[] = [];
  let lastTask = '';
  for (const executed of executedTasks(run)) {
    const before = tasksBefore(executed.task);
    warnings.push(...executed.taskRuns.filter((child) => !isDescribed(child)).map((child) => omitted(executed, child)));
    const after = before.length === 0 && executed.isFinally && lastTask !== '' ? [lastTask] : before;
    tasks.push(...executed.taskRuns.filter(isDescribed).map((child) => buildTask(executed, child, { after, account })));
    if (!executed.isFinally && executed.taskRuns.length > 0) lastTask = executed.name;
  }
  return { tasks };
}

function buildTask(
  { task, name }: ExecutedTask,
  child: TaskRun,
  { after, account }: { readonly after: readonly string[]; readonly account: string },
): Encodable {
  const specs = child.taskSpec === undefined ? [] : mapsAt(child.taskSpec, 'steps');
  const steps = child.steps.map((state, index) => buildStep(state, specs[index] ?? noStep));
  return {
    name,
    after: nonEmpty(after),
    ref: mapAt(task, 'taskRef'),
    startedOn: statedTime(child.startTime, formatNanoseconds),
    finishedOn: statedTime(child.completionTime, formatNanoseconds),
    serviceAccountName: account === '' ? undefined : account,
    status: statusOf(child),
    steps: nonEmpty(steps),
    invocation: invocation(child),
    results: nonEmpty(listAt(mapAt(child.node, 'status'), 'results')),
  };
}

function buildStep(state: StepState, spec: JsonMap): Encodable {
  const script = textAt(spec, 'script');
  return {
    entryPoint: script === '' ? textsAt(spec, 'command').join(' ') : script,
    arguments: spec.get('args') ?? null,
    environment: { image: `oci://${withoutPullablePrefix(state.imageID)}`, container: state.name },
    annotations: null,
  };
}

function omitted({ name }: ExecutedTask, { name: taskRun, taskSpec, steps }: TaskRun): string {
  const why =
    taskSpec === undefined
      ? 'its status holds no definition'
      : `its ${steps.length} steps do not match the ${mapsAt(taskSpec, 'steps').length} of its definition`;
  return warning('TaskOmitted', `task ${quoted(name)} (TaskRun ${taskRun}) is not in buildConfig: ${why}`);
}

/** True when the steps that ran can be identified by their position in the task. */
function isDescribed({ taskSpec, steps }: TaskRun): boolean {
  if (taskSpec === undefined) return false;
  const specs = mapsAt(taskSpec, 'steps');
  if (specs.length !== steps.length) return false;
  return steps.every(
    ({ name }, index) => !name.startsWith('unnamed-') || textAt(specs[index] ?? noStep, 'name') === '',
  );
}

/** The status by the first condition, of any type. */
function statusOf({ conditions: [first] }: TaskRun): string | undefined {
  if (first === undefined) return undefined;
  const status = textAt(first, 'status');
  if (status === 'True') return 'Succeeded';
  return status === 'False' ? 'Failed' : 'Running';
}

function nonEmpty(list: readonly Encodable[]): readonly Encodable[] | undefined {
  return list.length === 0 ? undefined : list;
}
