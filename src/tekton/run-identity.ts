// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../api/v1alpha1/kinds.ts';

/** The only API version that is read; the reference supports no other. */
export const runApiVersion = 'tekton.dev/v1';

/** A unique name of one run: the UID distinguishes it from a later run of the same name. */
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
