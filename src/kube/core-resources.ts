// SPDX-License-Identifier: Apache-2.0
import { isObject, objectField, stringField, stringMapField } from '../json/fields.ts';
import { parseMetadata, type ObjectMetadata } from './object-metadata.ts';
import { metadataOnly, type Resource } from './resource.ts';

/** The entries of a Secret, decoded. */
export type SecretData = Readonly<Record<string, Uint8Array>>;

/** A Secret with what says how its entries are meant. */
export interface TypedSecret {
  readonly type: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly data: SecretData;
}

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
  parse: secretData,
};

/** The same Secrets with their type and annotations. */
export const TYPED_SECRETS: Resource<TypedSecret> = {
  ...SECRETS,
  parse: (object) => ({
    type: stringField(object, 'type') ?? 'Opaque',
    annotations: stringMapField(objectField(object, 'metadata'), 'annotations'),
    data: secretData(object),
  }),
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

function secretData(object: unknown): SecretData {
  const entries = Object.entries(stringMapField(object, 'data'));
  return Object.fromEntries(entries.map(([entry, value]) => [entry, Buffer.from(value, 'base64')]));
}

function listedNames(object: unknown, field: string): readonly string[] {
  const references: unknown = isObject(object) ? object[field] : undefined;
  if (!Array.isArray(references)) return [];
  return references.flatMap((reference) => stringField(reference, 'name') ?? []);
}
