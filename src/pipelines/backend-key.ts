// SPDX-License-Identifier: Apache-2.0
import type { BackendKind } from '../api/v1alpha1/kinds.ts';
import type { KeyOf } from '../runtime/key-of.ts';

/** Names a backend. */
export interface BackendName {
  readonly kind: BackendKind;
  /** Says nothing for the cluster kind. */
  readonly namespace: string;
  readonly name: string;
}

/** `StorageBackend/team-a/registry`, `ClusterStorageBackend//archive`. */
export type BackendKey = KeyOf<'Backend', `${BackendKind}/${string}/${string}`>;

export function backendKey({ kind, namespace, name }: BackendName): BackendKey {
  return `${kind}/${kind === 'StorageBackend' ? namespace : ''}/${name}` as const;
}

export function parseBackendKey(key: BackendKey): BackendName {
  const [kind, namespace = '', name = ''] = key.split('/');
  return { kind: kind === 'ClusterStorageBackend' ? kind : 'StorageBackend', namespace, name };
}
