// SPDX-License-Identifier: Apache-2.0
import type { SchemaNode } from './schema-node.ts';
import type { Defaults } from './kind-page.ts';

/** The path of a node and the defaults that the operator fills in, by path. */
interface Context {
  readonly path: string;
  readonly defaults: Defaults;
}

/** Write a node as JSONSchemaProps of apiextensions.k8s.io/v1, with the defaults in the descriptions. */
export function structuralSchema(node: SchemaNode, context: Context): Readonly<Record<string, unknown>> {
  const child = (name: string): Context => ({ ...context, path: `${context.path}${name}` });
  const description = describe(node.description, context);
  return {
    ...(description === undefined ? {} : { description }),
    type: node.type,
    ...(node.enum === undefined ? {} : { enum: node.enum }),
    ...(node.format === undefined ? {} : { format: node.format }),
    ...node.bounds,
    ...(node.required.length > 0 ? { required: node.required } : {}),
    ...(node.properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            [...node.properties].map(([name, property]) => [name, structuralSchema(property, child(`.${name}`))]),
          ),
        }),
    ...(node.values === undefined ? {} : { additionalProperties: structuralSchema(node.values, child('.*')) }),
    ...(node.items === undefined ? {} : { items: structuralSchema(node.items, child('[]')) }),
    ...node.extensions,
    ...(node.rules.length > 0 ? { 'x-kubernetes-validations': node.rules } : {}),
  };
}

function describe(description: string | undefined, { path, defaults }: Context): string | undefined {
  const value = defaults.get(path);
  return value === undefined ? description : `${description ?? ''} Defaults to ${value}.`.trimStart();
}
