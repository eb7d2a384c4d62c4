// SPDX-License-Identifier: Apache-2.0
import { field, listField } from '../../json/fields.ts';

/** Indexes references between runs, to find children without comparing all pairs. */
export class RunReferences {
  readonly #objects = new Map<string, unknown[]>();
  readonly #parents = new Map<string, unknown[]>();

  constructor(objects: readonly unknown[]) {
    for (const object of objects) {
      remember(this.#objects, nameKey(text(object, 'kind') || 'TaskRun', metadataText(object, 'name')), object);
      for (const key of referenceKeys(object)) remember(this.#parents, key, object);
    }
  }

  /** True for a TaskRun or CustomRun that is the child of a PipelineRun among the objects. A nested PipelineRun is also a run of its own. */
  isChildOnly(object: unknown): boolean {
    const kind = text(object, 'kind');
    if (kind !== 'TaskRun' && kind !== 'CustomRun') return false;
    const parents = this.#parents.get(nameKey(kind, metadataText(object, 'name'))) ?? [];
    return parents.some((parent) => isNear(parent, object));
  }

  /** Returns the objects that a PipelineRun and its nested PipelineRuns refer to. */
  descendants(pipelineRun: unknown): readonly unknown[] {
    const found = new Set<unknown>();
    const waiting = [pipelineRun];
    for (let parent = waiting.pop(); parent !== undefined; parent = waiting.pop()) {
      const named = referenceKeys(parent).flatMap((key) => this.#objects.get(key) ?? []);
      for (const child of named) {
        if (child === pipelineRun || found.has(child) || !isNear(parent, child)) continue;
        found.add(child);
        waiting.push(child);
      }
    }
    return [...found];
  }
}

/** True unless both name different namespaces. */
function isNear(one: unknown, other: unknown): boolean {
  const namespaces = [metadataText(one, 'namespace'), metadataText(other, 'namespace')];
  return namespaces.includes('') || namespaces[0] === namespaces[1];
}

/** The keys of the runs that a PipelineRun refers to. */
export function referenceKeys(object: unknown): readonly string[] {
  if (field(object, 'kind') !== 'PipelineRun') return [];
  return listField(field(object, 'status'), 'childReferences').map((reference) =>
    nameKey(text(reference, 'kind') || 'TaskRun', text(reference, 'name')),
  );
}

function remember(index: Map<string, unknown[]>, key: string, object: unknown): void {
  const known = index.get(key);
  if (known === undefined) index.set(key, [object]);
  else known.push(object);
}

/** The key of a run among others, independent of its namespace. */
export function nameKey(kind: string, name: string): string {
  return `${kind}/${name}`;
}

function metadataText(object: unknown, key: string): string {
  return text(field(object, 'metadata'), key);
}

function text(object: unknown, key: string): string {
  const value = field(object, key);
  return typeof value === 'string' ? value : '';
}
