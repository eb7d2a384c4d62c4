// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../api/v1alpha1/kinds.ts';
import type { KeyOf } from '../runtime/key-of.ts';
import type { RunIdentity } from './run-identity.ts';

/** `TaskRun/team-a/bake-1/<uid>`: a later run of the same name has another key. */
export type RunKey = KeyOf<'Run', `${RunKind}/${string}/${string}/${string}`>;

export function runKey({ kind, namespace, name, uid }: Omit<RunIdentity, 'apiVersion'>): RunKey {
  return `${kind}/${namespace}/${name}/${uid}` as const;
}

export function parseRunKey(key: RunKey): Omit<RunIdentity, 'apiVersion'> {
  const [kind, namespace = '', name = '', uid = ''] = key.split('/');
  return { kind: kind === 'PipelineRun' ? kind : 'TaskRun', namespace, name, uid };
}
