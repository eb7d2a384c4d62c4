// SPDX-License-Identifier: Apache-2.0
import { isList, isMap, mapAt, mapsAt, optionalMapAt, textAt, textsAt } from '../../tekton/go/json-node.ts';
import type { JsonMap, JsonNode } from '../../tekton/go/json-node.ts';

const substitution = /\$\(([A-Za-z0-9_.-]+(?:\[(?:[0-9]+|\*)\])?)\)/g;

/** List the tasks that must end before a pipeline task starts: `runAfter`, then those whose results it refers to. */
export function tasksBefore(task: JsonMap): readonly string[] {
  const runAfter = textsAt(task, 'runAfter');
  const explicit = new Set(runAfter);
  const referred = new Set(textsWithReferences(task).flatMap(referredTasks));
  return [...runAfter, ...[...referred].filter((name) => !explicit.has(name))];
}

function referredTasks(text: string): readonly string[] {
  const names: string[] = [];
  for (const [, expression = ''] of text.matchAll(substitution)) {
    const [root, name = '', part, ...rest] = expression.split('.');
    const isReference = (root === 'tasks' || root === 'finally') && part === 'results';
    if (isReference && (rest.length === 1 || rest.length === 2)) names.push(name);
  }
  return names;
}

/** List every text of a pipeline task that Tekton searches for references, in its order. */
function textsWithReferences(task: JsonMap): readonly string[] {
  const matrix = mapAt(task, 'matrix');
  const params = [
    ...mapsAt(task, 'params'),
    ...mapsAt(matrix, 'params'),
    ...mapsAt(matrix, 'include').flatMap((include) => mapsAt(include, 'params')),
  ];
  const taskSpec = mapAt(task, 'taskSpec');
  return [
    ...params.flatMap((param) => valueTexts(param.get('value'))),
    ...mapsAt(task, 'when').flatMap((when) => [textAt(when, 'input'), textAt(when, 'cel'), ...textsAt(when, 'values')]),
    ...mapsAt(taskSpec, 'steps').flatMap(containerTexts),
    ...mapsAt(taskSpec, 'sidecars').flatMap(containerTexts),
  ];
}

function containerTexts(container: JsonMap): readonly string[] {
  const plain = ['name', 'image', 'imagePullPolicy', 'script', 'workingDir'].map((key) => textAt(container, key));
  return [
    ...plain,
    ...textsAt(container, 'command'),
    ...textsAt(container, 'args'),
    ...mapsAt(container, 'env').flatMap(environmentTexts),
  ];
}

function environmentTexts(variable: JsonMap): readonly string[] {
  const source = mapAt(variable, 'valueFrom');
  const references = [optionalMapAt(source, 'secretKeyRef'), optionalMapAt(source, 'configMapKeyRef')];
  return [
    textAt(variable, 'value'),
    ...references.filter(isMap).flatMap((reference) => [textAt(reference, 'key'), textAt(reference, 'name')]),
  ];
}

function valueTexts(value: JsonNode | undefined): readonly string[] {
  if (typeof value === 'string') return [value];
  if (isMap(value)) return [...value.values()].flatMap(valueTexts);
  return isList(value) ? value.flatMap((entry) => valueTexts(entry)) : [];
}
