// SPDX-License-Identifier: Apache-2.0
import { field, has, isObject } from '../json/fields.ts';
import { approximateSizeBytes } from '../runtime/cache/approximate-size.ts';

const refusals = new WeakMap<object, string>();
const METADATA = [
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
];
const SELECTION = ['namespaceSelector', 'selector', 'runs', 'record'];
/** A selection that is larger is left out with the rest: the definition then selects every run of its namespace. */
const MAX_SELECTION_BYTES = 8192;

/** The part of a policy or backend that is read, without what its author may add to any object. */
export function projectDefinition(object: unknown): unknown {
  return {
    ...picked(object, ['apiVersion', 'kind', 'spec', 'status']),
    metadata: picked(field(object, 'metadata'), METADATA),
  };
}

/** A policy or backend that is not used as it is written, without all but its selection. @param why for its author, with the remedy */
export function refusedDefinition(object: unknown, why: string): unknown {
  const selection = picked(field(object, 'spec'), SELECTION);
  const spec = approximateSizeBytes(selection) > MAX_SELECTION_BYTES ? {} : selection;
  const refused = {
    ...picked(object, ['apiVersion', 'kind', 'status']),
    metadata: picked(field(object, 'metadata'), METADATA),
    spec,
  };
  refusals.set(refused, why);
  return refused;
}

/** The reason why the object was refused; undefined when it was not. */
export function refusalOf(object: unknown): string | undefined {
  return isObject(object) ? refusals.get(object) : undefined;
}

function picked(object: unknown, names: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(names.filter((name) => has(object, name)).map((name) => [name, field(object, name)]));
}
