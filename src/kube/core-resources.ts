// SPDX-License-Identifier: Apache-2.0
import { isJsonObject, stringField, stringMapField } from './json.ts';
import { parseMetadata, type ObjectMetadata } from './object-metadata.ts';
import { metadataOnly, type Resource } from './resource.ts';

/** The entries of a Secret, decoded. */
export type SecretData = Readonly<Record<string, Uint8Array>>;

export interface ServiceAccountSecrets {
  /** Names listed under `secrets`; `imagePullSecrets` are for pulling and are left out. */
  readonly secretNames: readonly string[];
}

export const SECRETS: Resource<SecretData> = {
  group: '',
  version: 'v1',
  plural: 'secrets',
  kind: 'Secret',
  namespaced: true,
  parse: (object) =>
    Object.fromEntries(
      Object.entries(stringMapField(object, 'data')).map(([entry, value]) => [entry, Buffer.from(value, 'base64')]),
    ),
};

export const CONFIG_MAPS: Resource<Readonly<Record<string, string>>> = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
  parse: (object) => stringMapField(object, 'data'),
};

export const SERVICE_ACCOUNTS: Resource<ServiceAccountSecrets> = {
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  kind: 'ServiceAccount',
  namespaced: true,
  parse: (object) => ({ secretNames: listedNames(object, 'secrets') }),
};

const NAMESPACE_OBJECTS: Resource<unknown> = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
  parse: (object) => object,
};

/** Namespaces by their metadata: labels are all that selection needs. */
export const NAMESPACES: Resource<ObjectMetadata> = metadataOnly(NAMESPACE_OBJECTS, parseMetadata);

function listedNames(object: unknown, field: string): readonly string[] {
  const references: unknown = isJsonObject(object) ? object[field] : undefined;
  if (!Array.isArray(references)) return [];
  return references.flatMap((reference) => stringField(reference, 'name') ?? []);
}
