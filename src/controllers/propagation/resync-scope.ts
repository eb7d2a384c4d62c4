// SPDX-License-Identifier: Apache-2.0
import { policyKey, type PolicyName } from '../../pipelines/policy-key.ts';
import { backendKey, type BackendName } from '../../pipelines/backend-key.ts';
import type { Shard } from '../../runtime/shards/shard.ts';
import type { ResyncKey } from '../shares/controller-queues.ts';

/** A change, which decides the records that are reconciled again. */
export type ResyncScope =
  /** A policy was created, edited or deleted. */
  | { readonly change: 'Policy'; readonly policy: PolicyName }
  /** The signer of a policy started to work, or fails differently. */
  | { readonly change: 'Signer'; readonly policy: PolicyName }
  /** The operator may annotate the runs of a policy, and some that are stored lack the annotations. */
  | { readonly change: 'Annotating'; readonly policy: PolicyName }
  /**
   * A backend in reach of the namespace was created, edited or deleted, or the labels of the namespace changed; empty for all namespaces.
   */
  | { readonly change: 'Namespace'; readonly namespace: string }
  /** The ceilings of the namespace changed; empty for all namespaces. */
  | { readonly change: 'Bounds'; readonly namespace: string }
  /** A backend became ready. */
  | {
      readonly change: 'BackendHealth';
      /** Empty for a backend that all namespaces reach. */
      readonly namespace: string;
      readonly backend: BackendName;
    }
  /** All runs are listed: records that are kept with their runs may retire. */
  | { readonly change: 'Runs' }
  /** This replica took a shard: everything in it that is not settled goes on here. */
  | { readonly change: 'Shard'; readonly shard: Shard };

/** Name scopes in the queue of resyncs, so that changes that arrive together cause one resync. */
export const resyncKey = {
  policy: (policy: PolicyName): ResyncKey => `Policy/${policyKey(policy)}`,
  signer: (policy: PolicyName): ResyncKey => `Signer/${policyKey(policy)}`,
  annotating: (policy: PolicyName): ResyncKey => `Annotating/${policyKey(policy)}`,
  namespace: (namespace: string): ResyncKey => `Namespace/${namespace}`,
  bounds: (namespace: string): ResyncKey => `Bounds/${namespace}`,
  backendHealth: (backend: BackendName): ResyncKey => `BackendHealth/${backendKey(backend)}`,
  runs: 'Runs',
  shard: (shard: Shard): ResyncKey => `Shard/${shard}`,
} as const;

export function parseResyncKey(key: ResyncKey): ResyncScope {
  const [change, kind = '', namespace = '', name = ''] = key.split('/');
  if (change === 'Policy' || change === 'Signer' || change === 'Annotating') {
    const policyKind = kind === 'ClusterSigningPolicy' ? kind : 'SigningPolicy';
    return { change, policy: { kind: policyKind, namespace, name } };
  }
  if (change === 'Shard') return { change, shard: Number(kind) };
  if (change === 'Namespace' || change === 'Bounds') return { change, namespace: kind };
  if (change !== 'BackendHealth') return { change: 'Runs' };
  const backendKind = kind === 'ClusterStorageBackend' ? kind : 'StorageBackend';
  return { change, namespace, backend: { kind: backendKind, namespace, name } };
}
