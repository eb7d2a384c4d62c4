// SPDX-License-Identifier: Apache-2.0
import type { Installation } from '../harness/installation.ts';

/**
 * A kubeconfig of a ServiceAccount with all rights: a user of its own to the API server's priority and fairness, as a tenant is. The
 * administrator's group `system:masters` is exempt from them.
 */
export async function ordinaryUser(installation: Installation, name: string): Promise<string> {
  const metadata = { name, namespace: 'default' };
  await installation.apply(
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', ...metadata }],
    },
  );
  return installation.plane.kubeconfigFor(metadata.namespace, name);
}
