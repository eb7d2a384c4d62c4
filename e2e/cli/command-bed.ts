// SPDX-License-Identifier: Apache-2.0
import { commandProgram } from '../harness/command-program.ts';
import type { Installation } from '../harness/installation.ts';
import { compileCache } from '../testbed/processes/compile-cache.ts';
import { runCommand } from '../testbed/processes/run-command.ts';
import { ended, type Ended } from '../verify/verify-bed.ts';

/** The command as a user runs it: with a kubeconfig, and otherwise with an environment of its own. */
export function hallmarkAs(
  kubeconfig: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const own = { ...compileCache(), PATH: process.env['PATH'] ?? '', KUBECONFIG: kubeconfig, ...env };
  return ended(runCommand(process.execPath, [commandProgram, ...args], { env: own }));
}

/** The kubeconfig of a user who may view one namespace, and nothing else. */
export async function viewerOf(installation: Installation, namespace: string): Promise<string> {
  await installation.apply(
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name: 'viewer' } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { namespace, name: 'viewer' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'ServiceAccount', namespace, name: 'viewer' }],
    },
  );
  return installation.plane.kubeconfigFor(namespace, 'viewer');
}
