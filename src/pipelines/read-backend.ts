// SPDX-License-Identifier: Apache-2.0
import { field } from '../json/fields.ts';
import { parseClusterStorageBackend, parseStorageBackend } from '../api/v1alpha1/parsing/parse.ts';
import { effectiveStorageBackendSpec } from '../api/v1alpha1/storage-backend/defaults.ts';
import type { CompiledBackend } from './definitions.ts';
import { refusalOf } from './refused-definition.ts';

/** A backend that can be used, or why it cannot. */
export type ReadBackend =
  { readonly ok: true; readonly backend: CompiledBackend } | { readonly ok: false; readonly message: string };

/** A stored StorageBackend or ClusterStorageBackend as pipelines know it. */
export function readBackend(object: unknown, operatorNamespace: string): ReadBackend {
  const refusal = refusalOf(object);
  if (refusal !== undefined) return { ok: false, message: refusal };
  const parsed =
    field(object, 'kind') === 'ClusterStorageBackend'
      ? parseClusterStorageBackend(object)
      : parseStorageBackend(object);
  if (!parsed.ok) return parsed;
  const { kind, metadata } = parsed.value;
  const namespaceSelector =
    parsed.value.kind === 'ClusterStorageBackend' ? parsed.value.spec.namespaceSelector : undefined;
  return {
    ok: true,
    backend: {
      kind,
      name: metadata.name,
      namespace: 'namespace' in metadata ? metadata.namespace : operatorNamespace,
      uid: metadata.uid,
      generation: metadata.generation,
      creationTimestamp: metadata.creationTimestamp,
      ...(namespaceSelector === undefined ? {} : { namespaceSelector }),
      spec: effectiveStorageBackendSpec(parsed.value.spec),
    },
  };
}
