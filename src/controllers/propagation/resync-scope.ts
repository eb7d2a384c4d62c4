// SPDX-License-Identifier: Apache-2.0
import type { BackendKind } from '../../api/v1alpha1/kinds.ts';
import type { PolicyKey } from '../../pipelines/definitions.ts';
import { policyKeyText } from '../../pipelines/definitions.ts';
import type { BackendName } from './record-drain.ts';

/** What changed, and so which records are looked at again. */
export type ResyncScope =
  /** A policy was made, edited or deleted: when its settled records retire, and what the others wait for. */
  | { readonly change: 'Policy'; readonly policy: PolicyKey }
  /** The signer of a policy began to work, or fails otherwise. */
  | { readonly change: 'Signer'; readonly policy: PolicyKey }
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

/** Keys of the queue of resyncs: each names a scope, so that changes that come together are answered by one walk. */
export const resyncKey = {
  policy: (policy: PolicyKey): string => `Policy/${policyKeyText(policy)}`,
  signer: (policy: PolicyKey): string => `Signer/${policyKeyText(policy)}`,
  namespace: (namespace: string): string => `Namespace/${namespace}`,
  backendHealth: ({ kind, namespace, name }: BackendName): string =>
    `BackendHealth/${kind}/${kind === 'StorageBackend' ? namespace : ''}/${name}`,
  runs: 'Runs',
} as const;

/** The scope that a key of the queue names. */
export function parseResyncKey(key: string): ResyncScope {
  const [change, kind = '', namespace = '', name = ''] = key.split('/');
  if (change === 'Policy' || change === 'Signer') {
    const policyKind = kind === 'ClusterSigningPolicy' ? kind : 'SigningPolicy';
    return { change, policy: { kind: policyKind, namespace, name } };
  }
  if (change === 'Namespace') return { change, namespace: kind };
  if (change !== 'BackendHealth') return { change: 'Runs' };
  const backendKind: BackendKind = kind === 'ClusterStorageBackend' ? kind : 'StorageBackend';
  return { change, namespace, backend: { kind: backendKind, namespace, name } };
}
