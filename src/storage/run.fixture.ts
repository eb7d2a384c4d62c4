// SPDX-License-Identifier: Apache-2.0
import type { RunTarget } from './run-target.ts';

/** A TaskRun and the policy whose evidence of it is stored. */
export function runFixture(more: Partial<RunTarget> = {}): RunTarget {
  const policy = { kind: 'SigningPolicy', namespace: 'team', name: 'builds' } as const;
  const names = { namespace: 'team', name: 'bake-1', uid: 'uid-1', serviceAccountName: 'default' };
  return { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', ...names, policy, ...more };
}
