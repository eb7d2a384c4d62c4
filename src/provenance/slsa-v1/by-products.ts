// SPDX-License-Identifier: Apache-2.0
import { goJson } from '../../tekton/encode-json.ts';
import type { Encodable } from '../../tekton/encode-json.ts';
import type { FinishedRun } from '../../tekton/finished-run.ts';
import { untyped } from '../../tekton/json-node.ts';
import { classifyResult } from '../../tekton/object-hints.ts';
import { PayloadError } from '../../tekton/payload-error.ts';
import type { NamedValue, TaskRun } from '../../tekton/run.ts';
import { executedTaskRuns } from '../executed-tasks.ts';
import type { ResourceDescriptor } from './resource-descriptor.ts';

/** The by-products of slsa/v2alpha3: every result of the run. */
export function resultByProducts({ object }: FinishedRun): readonly ResourceDescriptor[] {
  const group = object.kind === 'TaskRun' ? 'taskRunResults' : 'pipelineRunResults';
  return object.results.map((result) => resultByProduct(group, result));
}

/** The by-products of slsa/v2alpha4: the results that are no subjects, of steps and (deep inspection) of children too. */
export function otherResultByProducts(run: FinishedRun, deepInspection: boolean): readonly ResourceDescriptor[] {
  const { object } = run;
  if (object.kind === 'TaskRun') return taskByProducts(object);
  const own = named(`pipelineRunResults/${object.name}`, object.results);
  return deepInspection ? [...own, ...executedTaskRuns(run).flatMap(taskByProducts)] : own;
}

/**
 * What the reference does not state: how a run ended when it did not succeed, and children that are no TaskRuns. Both are
 * absent for a plain succeeded run, whose payload stays that of the reference.
 */
export function hallmarkByProducts(run: FinishedRun): readonly ResourceDescriptor[] {
  const outcome = run.summary.finished?.outcome;
  const others = run.children.filter(({ reference }) => reference.kind !== 'TaskRun');
  return [
    ...(outcome === undefined || outcome === 'Succeeded' ? [] : [byProduct('hallmark/outcome', outcome)]),
    ...(others.length === 0 ? [] : [byProduct('hallmark/children', others.map(childStatement))]),
  ];
}

function childStatement({ reference, uid, outcome }: FinishedRun['children'][number]): Encodable {
  const { apiVersion, kind, name, pipelineTaskName } = reference;
  return { apiVersion, kind, name, pipelineTaskName, uid, outcome };
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
  return byProduct(`${group}/${name}`, value);
}

function byProduct(name: string, value: Encodable): ResourceDescriptor {
  return { name, content: Buffer.from(goJson(value)).toString('base64'), mediaType: 'application/json' };
}
