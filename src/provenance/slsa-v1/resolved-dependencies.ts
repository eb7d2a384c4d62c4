// SPDX-License-Identifier: Apache-2.0
import { goJson } from '../../tekton/go/encode-json.ts';
import type { FinishedRun } from '../../tekton/finished-run.ts';
import type { RefSource, TaskRun } from '../../tekton/run.ts';
import { executedTaskRuns, nestedRuns } from '../executed-tasks.ts';
import { imageMaterials } from '../image-materials.ts';
import { pipelineInputs, stepInputs, taskInputs } from '../inputs.ts';
import { slsaTektonBuildType } from './build-type.ts';
import { requireAllValues } from './predicate.ts';
import { fromEntries, fromRefSource, withoutRepeats } from './resource-descriptor.ts';
import type { ResourceDescriptor } from './resource-descriptor.ts';

export interface DependencyOptions {
  readonly buildType: string;
  readonly deepInspection: boolean;
  /** Include step actions and the inputs that steps declare (slsa/v2alpha4). */
  readonly includeSteps: boolean;
}

const inputName = 'inputs/result';

export function resolvedDependencies(
  run: FinishedRun,
  options: DependencyOptions,
  warnings: string[],
): readonly ResourceDescriptor[] {
  return run.object.kind === 'TaskRun'
    ? taskDependencies(run.object, options, warnings)
    : pipelineDependencies(run, options, warnings);
}

function taskDependencies(
  run: TaskRun,
  { includeSteps }: DependencyOptions,
  warnings: string[],
): readonly ResourceDescriptor[] {
  const images = fromEntries(imageMaterials(run, warnings));
  const steps = includeSteps ? [...fromEntries(stepInputs(run), inputName), ...stepActions(run)] : [];
  const inputs = fromEntries(taskInputs(run), inputName);
  return [...definition('task', run.refSource), ...withoutRepeats([...images, ...steps, ...inputs])];
}

function pipelineDependencies(
  run: FinishedRun,
  { buildType, deepInspection, includeSteps }: DependencyOptions,
  warnings: string[],
): readonly ResourceDescriptor[] {
  const { refSource } = run.object;
  const taskRuns = executedTaskRuns(run);
  const ofChildren = taskRuns.flatMap((child) => [
    ...pipelineTask(child, buildType),
    ...(includeSteps ? stepActions(child) : []),
    ...fromEntries(imageMaterials(child, warnings)),
  ]);
  const ofSteps = includeSteps && deepInspection ? taskRuns.flatMap(stepInputs) : [];
  return withoutRepeats([
    ...definition('pipeline', refSource),
    ...ofChildren,
    ...nestedRuns(run).flatMap(({ object }) => definition('pipelineTask', object.refSource)),
    ...fromEntries(ofSteps, inputName),
    ...fromEntries(pipelineInputs(run, deepInspection), inputName),
  ]);
}

/** Describe the task of a child: its origin and, for the slsa-tekton build type, the whole TaskRun. */
function pipelineTask(child: TaskRun, buildType: string): readonly ResourceDescriptor[] {
  const source = child.refSource === undefined ? {} : fromRefSource('pipelineTask', child.refSource);
  if (buildType === slsaTektonBuildType) {
    requireAllValues(child);
    const content = Buffer.from(goJson(child.node)).toString('base64');
    return [{ ...source, name: 'pipelineTask', content }];
  }
  return child.refSource === undefined ? [] : [source];
}

function definition(name: string, source: RefSource | undefined): readonly ResourceDescriptor[] {
  return source === undefined ? [] : [fromRefSource(name, source)];
}

function stepActions(run: TaskRun): readonly ResourceDescriptor[] {
  return run.steps.flatMap(({ name, refSource }) =>
    refSource === undefined ? [] : [fromRefSource(`stepAction/${name}`, refSource)],
  );
}
