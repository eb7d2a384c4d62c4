// SPDX-License-Identifier: Apache-2.0
import type { FinishedRun } from '../../tekton/finished-run.ts';
import { untyped } from '../../tekton/go/json-node.ts';
import { classifyResult } from '../../tekton/hints/object-hints.ts';
import { PayloadError } from '../../tekton/payload-error.ts';
import type { NamedValue, TaskRun } from '../../tekton/run.ts';
import { executedTaskRuns, nestedRuns } from '../executed-tasks.ts';
import { jsonByProduct } from './resource-descriptor.ts';
import type { ResourceDescriptor } from './resource-descriptor.ts';

/** List the by-products of slsa/v2alpha3: every result of the run. */
export function resultByProducts({ object }: FinishedRun): readonly ResourceDescriptor[] {
  const group = object.kind === 'TaskRun' ? 'taskRunResults' : 'pipelineRunResults';
  return object.results.map((result) => resultByProduct(group, result));
}

/**
 * List the by-products of slsa/v2alpha4: the results that are not subjects, including those of steps and, under deep
 * inspection, of children.
 */
export function otherResultByProducts(run: FinishedRun, deepInspection: boolean): readonly ResourceDescriptor[] {
  const { object } = run;
  if (object.kind === 'TaskRun') return taskByProducts(object);
  const own = named(`pipelineRunResults/${object.name}`, object.results);
  if (!deepInspection) return own;
  const nested = nestedRuns(run).flatMap((inner) =>
    named(`pipelineRunResults/${inner.object.name}`, inner.object.results),
  );
  return [...own, ...executedTaskRuns(run).flatMap(taskByProducts), ...nested];
}

function taskByProducts(run: TaskRun): readonly ResourceDescriptor[] {
  const ofSteps = run.steps.flatMap((step) => step.results);
  return [...named(`taskRunResults/${run.name}`, run.results), ...named(`stepResults/${run.name}`, ofSteps)];
}

function named(group: string, results: readonly NamedValue[]): readonly ResourceDescriptor[] {
  return results.filter(isByProduct).map((result) => resultByProduct(group, result));
}

function isByProduct(result: NamedValue): boolean {
  const { name } = result;
  if (classifyResult(result) !== 'Other') return false;
  return !name.endsWith('IMAGE_URL') && !name.endsWith('IMAGE_DIGEST') && name !== 'IMAGES';
}

function resultByProduct(group: string, { name, value }: NamedValue): ResourceDescriptor {
  if (value === untyped) {
    throw new PayloadError('PayloadInvalid', `result ${JSON.stringify(name)} of ${group} has no value`);
  }
  return jsonByProduct(`${group}/${name}`, value);
}
