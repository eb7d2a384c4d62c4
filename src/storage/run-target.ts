// SPDX-License-Identifier: Apache-2.0
import type { PolicyKind, RunKind } from '../api/v1alpha1/kinds.ts';

/** The run whose evidence is stored, and the ServiceAccount of its pods. */
export interface RunTarget {
  readonly apiVersion: 'tekton.dev/v1';
  readonly kind: RunKind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** The effective account: `default` if the run names none. */
  readonly serviceAccountName: string;
  /** RFC 3339; absent if unknown. */
  readonly completionTime?: string;
  /** The policy that the evidence is made under. `namespace` is empty for a cluster policy. */
  readonly policy: {
    readonly kind: PolicyKind;
    readonly namespace: string;
    readonly name: string;
  };
}

/** The target for a run, from any object that has its fields. */
export function runTarget(run: Omit<RunTarget, 'policy'>, policy: RunTarget['policy']): RunTarget {
  const { apiVersion, kind, namespace, name, uid, serviceAccountName, completionTime } = run;
  return {
    ...{ apiVersion, kind, namespace, name, uid, serviceAccountName },
    ...(completionTime === undefined ? {} : { completionTime }),
    policy: { kind: policy.kind, namespace: policy.namespace, name: policy.name },
  };
}
