// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../../api/v1alpha1/kinds.ts';
import { field, listField, stringField } from '../../json/fields.ts';

/** A PipelineRun whose children are read. */
export interface ParentRun {
  readonly name: string;
  readonly uid: string;
  /** RFC 3339; absent while it runs, and when its status has no time of its end. */
  readonly completionTime: string | undefined;
}

/**
 * The memory of a child that has finished.
 * - `Seen`: it is the one that was seen finishing.
 * - `Later`: the same since it was first read, but it was not seen finishing.
 * - `Unseen`: nothing is known of it.
 * - `Replaced`: another object finished under its name.
 * - `Changed`: it says something else than when it finished.
 */
export type Sighting = 'Seen' | 'Later' | 'Unseen' | 'Replaced' | 'Changed';

/** A child in whose place another object is, or that was changed. */
export interface ReplacedChild {
  readonly kind: string;
  readonly name: string;
  /** The difference, as the end of a sentence about the child. */
  readonly why: string;
}

/** A finished child, with the UID of the PipelineRun that refers to it. */
export interface ReadChild {
  readonly parentUID: string;
  readonly kind: RunKind;
  readonly name: string;
  readonly uid: string;
  readonly object: unknown;
}

interface Question {
  readonly child: unknown;
  readonly parent: ParentRun;
  readonly sighting: Sighting;
}

type Rule = (question: Question) => string | undefined;

const rules: readonly Rule[] = [
  ({ child, parent }) =>
    parent.uid !== '' && controllingPipelineRun(child)?.uid === parent.uid
      ? undefined
      : `is not controlled by PipelineRun ${parent.name}`,
  ({ child, parent: { name, completionTime } }) => {
    if (completionTime === undefined) return undefined;
    const created = stringField(field(child, 'metadata'), 'creationTimestamp') ?? '';
    // Both are whole seconds: a child of the very last second counts.
    if (Date.parse(created) <= Date.parse(completionTime)) return undefined;
    return `was created at ${created}, after PipelineRun ${name} had completed at ${completionTime}`;
  },
  ({ sighting }) =>
    sighting === 'Replaced' ? 'is not the one that was seen finishing: its UID is another' : undefined,
  ({ sighting }) => (sighting === 'Changed' ? 'was changed after it had finished' : undefined),
];

/**
 * Explain why an object is not the child that ran in a PipelineRun, although it has a child's name; undefined when it is. Creation time,
 * UID and controller are the API server's own, so a user who may edit runs cannot choose them.
 */
export function whyReplaced(child: unknown, parent: ParentRun, sighting: Sighting): string | undefined {
  for (const rule of rules) {
    const why = rule({ child, parent, sighting });
    if (why !== undefined) return why;
  }
  return undefined;
}

/** The PipelineRun that controls an object, as the object names it; undefined when none does. */
export function controllingPipelineRun(object: unknown): Pick<ParentRun, 'name' | 'uid'> | undefined {
  const owners = listField(field(object, 'metadata'), 'ownerReferences');
  const controller = owners.find((owner) => field(owner, 'controller') === true);
  const isPipelineRun =
    field(controller, 'kind') === 'PipelineRun' && stringField(controller, 'apiVersion')?.startsWith('tekton.dev/');
  if (isPipelineRun !== true) return undefined;
  return { name: stringField(controller, 'name') ?? '', uid: stringField(controller, 'uid') ?? '' };
}
