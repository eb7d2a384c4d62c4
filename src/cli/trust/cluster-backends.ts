// SPDX-License-Identifier: Apache-2.0
import type { KubeClient } from '../../kube/kube-client.ts';
import { gatherPipelines } from '../gather-pipelines.ts';
import type { PipelinesScope } from '../gather-pipelines.ts';
import type { PolicyBackends } from './kept-with-images.ts';
import type { PublishedPolicy } from './published-policy.ts';

/** Reads the backends of a policy as the operator selects them. @throws KubeError for failures other than missing permissions */
export async function clusterBackends(
  policy: PublishedPolicy,
  client: Pick<KubeClient, 'find' | 'listAll'>,
  scope: Omit<PipelinesScope, 'namespace'>,
): Promise<PolicyBackends> {
  const { kind, name, homeNamespace } = policy;
  const { pipelines, unread } = await gatherPipelines(client, { ...scope, namespace: homeNamespace });
  const needed = neededKinds(policy);
  const missing = unread.filter((what) => needed.has(what));
  if (missing.length > 0) return { unknown: `you may not read ${missing.join(' and ')}` };
  const definition = pipelines.policy({ kind, namespace: kind === 'SigningPolicy' ? homeNamespace : '', name });
  const backends = definition === undefined ? [] : pipelines.backendsOf(definition).backends;
  return { specs: backends.filter(({ exceeds }) => exceeds === undefined).map(({ spec }) => spec) };
}

/** The kinds that decide which backends a policy has. */
function neededKinds({ kind, spec }: PublishedPolicy): ReadonlySet<string> {
  const ofCluster = ['ClusterStorageBackend', 'Namespace'];
  if (kind === 'ClusterSigningPolicy') return new Set([...ofCluster, kind]);
  const refs = spec.backendRefs ?? [];
  const isOwnOnly = refs.length > 0 && refs.every((ref) => ref.kind === 'StorageBackend');
  return new Set([kind, 'StorageBackend', ...(isOwnOnly ? [] : ofCluster)]);
}
