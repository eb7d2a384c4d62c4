// SPDX-License-Identifier: Apache-2.0
import { field, has, isObject, listField } from '../json/fields.ts';

/** Outlines that were made here: nothing in a run can claim to be one. */
const outlines = new WeakSet();
const METADATA = ['namespace', 'name', 'uid', 'resourceVersion', 'labels', 'creationTimestamp', 'deletionTimestamp'];

/**
 * A finished run without all that is stated of it: the part from which policies select it and its record is named. It says that a run was
 * there, where there is no room for the run itself.
 */
export function runOutline(object: unknown): unknown {
  const spec = field(object, 'spec');
  const status = field(object, 'status');
  const outline = {
    ...picked(object, ['apiVersion', 'kind']),
    metadata: picked(field(object, 'metadata'), METADATA),
    spec: {
      ...picked(spec, ['managedBy', 'serviceAccountName']),
      taskRunTemplate: picked(field(spec, 'taskRunTemplate'), ['serviceAccountName']),
    },
    status: {
      ...picked(status, ['completionTime']),
      conditions: listField(status, 'conditions')
        .filter((condition) => field(condition, 'type') === 'Succeeded')
        .slice(0, 1)
        .map((condition) => picked(condition, ['type', 'status', 'reason', 'lastTransitionTime'])),
    },
  };
  outlines.add(outline);
  return outline;
}

/** True when the object is an outline, of which nothing can be stated. */
export function isRunOutline(object: unknown): boolean {
  return isObject(object) && outlines.has(object);
}

function picked(object: unknown, names: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(names.filter((name) => has(object, name)).map((name) => [name, field(object, name)]));
}
