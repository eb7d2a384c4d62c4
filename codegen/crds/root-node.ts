// SPDX-License-Identifier: Apache-2.0
import { field, isObject, listField } from '../../src/json/fields.ts';
import { API_VERSION } from '../../src/api/v1alpha1/group-version.ts';
import { kinds, type KindName } from '../../src/api/v1alpha1/kinds.ts';
import { schemaNode, type SchemaNode } from './schema-node.ts';

const bare = { bounds: {}, required: [], rules: [], extensions: {} };

/** The schema of a kind in its CRD: the API server owns apiVersion, kind and metadata. */
export function rootNode(kind: KindName): SchemaNode {
  const { schema } = kinds[kind];
  const { apiVersion, kind: kindSchema, metadata, ...rest } = asProperties(field(schema, 'properties'));
  if (apiVersion === undefined || kindSchema === undefined || metadata === undefined)
    throw new Error(`${kind}: not an object's schema`);
  const node = schemaNode(
    { ...schema, properties: rest, required: listField(schema, 'required').filter((name) => String(name) in rest) },
    '',
  );
  const typeMeta: readonly (readonly [string, SchemaNode])[] = [
    ['apiVersion', { ...bare, type: 'string', description: `${API_VERSION}.` }],
    ['kind', { ...bare, type: 'string', description: `${kind}.` }],
    // The API server refuses any schema of metadata, even a description.
    ['metadata', { ...bare, type: 'object' }],
  ];
  return { ...node, properties: new Map([...typeMeta, ...(node.properties ?? [])]) };
}

function asProperties(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}
