// SPDX-License-Identifier: Apache-2.0
import type { RunTarget } from './driver.ts';

/** The target for a run, from any object that has its fields. */
export function runTarget(run: Omit<RunTarget, 'policy'>, policy: RunTarget['policy']): RunTarget {
  const { apiVersion, kind, namespace, name, uid, serviceAccountName, completionTime } = run;
  return {
    ...{ apiVersion, kind, namespace, name, uid, serviceAccountName },
    ...(completionTime === undefined ? {} : { completionTime }),
    policy: { kind: policy.kind, namespace: policy.namespace, name: policy.name },
  };
}
