// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../api/v1alpha1/kinds.ts';

/** The one API version that is read; the reference knows no other. */
export const runApiVersion = 'tekton.dev/v1';

/** What names one run for ever: the UID tells it from a later run of the same name. */
export interface RunIdentity {
  readonly apiVersion: 'tekton.dev/v1';
  readonly kind: RunKind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export function isRunKind(kind: unknown): kind is RunKind {
  return kind === 'TaskRun' || kind === 'PipelineRun';
}
