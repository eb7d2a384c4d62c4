// SPDX-License-Identifier: Apache-2.0
import { warning } from '../../api/v1alpha1/warning.ts';
import type { FinishedRun } from '../../tekton/finished-run.ts';

/** The most names in one warning. */
const MAX_NAMES = 3;

/** Warn of a run that was changed between its end and its record. */
export function changedWarning({ summary: { kind, name } }: FinishedRun): string {
  const text = `the spec, results or steps of ${kind} ${name} are not those that it finished with: stated as they are now`;
  return warning('RunChanged', text);
}

/** Warn of children that are left out, and of those whose end the operator did not see. The gravest come first. */
export function childWarnings({ replacedChildren, missingChildren, laterChildren }: FinishedRun): readonly string[] {
  return [
    ...replacedChildren.map(({ kind, name, why }) =>
      warning('ChildReplaced', `child ${kind} ${name} ${why}: stated without it`),
    ),
    ...missingChildren.map((name) => warning('ChildMissing', `child TaskRun ${name} is gone: stated without it`)),
    ...readLater(laterChildren),
  ];
}

function readLater(names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  const listed = names.slice(0, MAX_NAMES).join(', ');
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : '';
  const text = `the operator did not see these children finish, and stated them as it found them later: ${listed}${more}`;
  return [warning('ChildrenReadLater', text)];
}
