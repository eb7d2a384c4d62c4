// SPDX-License-Identifier: Apache-2.0
import { policyKey, type PolicyName } from '../../pipelines/policy-key.ts';
import { backendKey, type BackendName } from '../../pipelines/backend-key.ts';
import type { ResyncKey } from '../shares/controller-queues.ts';

/** What changed, and so which records are looked at again. */
export type ResyncScope =
  /** A policy was made, edited or deleted: when its settled records retire, and what the others wait for. */
  | { readonly change: 'Policy'; readonly policy: PolicyName }
  /** The signer of a policy began to work, or fails otherwise. */
  | { readonly change: 'Signer'; readonly policy: PolicyName }
  /** A backend in reach of the namespace was made, edited or deleted, or its labels changed; empty: of all namespaces. */
  | { readonly change: 'Namespace'; readonly namespace: string }
  /** A backend became ready. */
  | {
      readonly change: 'BackendHealth';
      /** Empty for a backend of all namespaces. */
      readonly namespace: string;
      readonly backend: BackendName;
    }
  /** All runs are known: records that are kept with their runs may retire. */
  | { readonly change: 'Runs' };

/** Name scopes in the queue of resyncs, so that changes that come together are answered by one walk. */
export const resyncKey = {
  policy: (policy: PolicyName): ResyncKey => `Policy/${policyKey(policy)}`,
  signer: (policy: PolicyName): ResyncKey => `Signer/${policyKey(policy)}`,
  namespace: (namespace: string): ResyncKey => `Namespace/${namespace}`,
  backendHealth: (backend: BackendName): ResyncKey => `BackendHealth/${backendKey(backend)}`,
  runs: 'Runs',
} as const;

export function parseResyncKey(key: ResyncKey): ResyncScope {
  const [change, kind = '', namespace = '', name = ''] = key.split('/');
  if (change === 'Policy' || change === 'Signer') {
    const policyKind = kind === 'ClusterSigningPolicy' ? kind : 'SigningPolicy';
    return { change, policy: { kind: policyKind, namespace, name } };
  }
  if (change === 'Namespace') return { change, namespace: kind };
  if (change !== 'BackendHealth') return { change: 'Runs' };
  const backendKind = kind === 'ClusterStorageBackend' ? kind : 'StorageBackend';
  return { change, namespace, backend: { kind: backendKind, namespace, name } };
}
