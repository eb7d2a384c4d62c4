// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../api/v1alpha1/kinds.ts';
import { UsageError } from './cli-error.ts';

/** A run by its name, and the kinds that it may be of. */
export interface RunReference {
  readonly kinds: readonly RunKind[];
  readonly name: string;
}

/** Reads NAME, taskrun/NAME or pipelinerun/NAME. @throws UsageError for another kind */
export function parseRunReference(text: string): RunReference {
  const slash = text.indexOf('/');
  const prefix = text.slice(0, Math.max(0, slash));
  const kinds = kindsNamed(prefix);
  if (kinds === undefined) throw new UsageError(`"${prefix}" is neither taskrun nor pipelinerun`);
  const name = text.slice(slash + 1);
  if (!isObjectName(name)) throw new UsageError(`"${name}" is not the name of a run`);
  return { kinds, name };
}

/** Tells a name that an object may have; others must not become part of a selector. */
export function isObjectName(text: string): boolean {
  return /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(text);
}

/** The kinds of runs that a prefix names, in the forms that kubectl takes; both for none. */
export function kindsNamed(prefix: string): readonly RunKind[] | undefined {
  switch (
    prefix
      .toLowerCase()
      .replace(/\.tekton\.dev$/, '')
      .replace(/s$/, '')
  ) {
    case '':
      return ['TaskRun', 'PipelineRun'];
    case 'taskrun':
    case 'tr':
      return ['TaskRun'];
    case 'pipelinerun':
    case 'pr':
      return ['PipelineRun'];
    default:
      return undefined;
  }
}
