// SPDX-License-Identifier: Apache-2.0
/** A value of the chart or a group of values, read from the schema. */
export type ValueNode =
  | {
      readonly kind: 'group';
      readonly path: readonly string[];
      readonly description: string;
      readonly children: readonly ValueNode[];
    }
  | { readonly kind: 'value'; readonly path: readonly string[]; readonly description: string; readonly value: unknown };

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Read a JSON schema into a tree: a node with a `default` is a value, one with `properties` and no default is a group.
 *
 * @throws Error when a node lacks its description or is neither, so that no undocumented value reaches the chart
 */
export function valueTree(schema: unknown, path: readonly string[] = []): ValueNode {
  const at = path.join('.') || 'values';
  if (!isObject(schema) || typeof schema['description'] !== 'string')
    throw new Error(`${at}: no description in the schema`);
  const description = schema['description'];
  if ('default' in schema) return { kind: 'value', path, description, value: schema['default'] };
  const properties = schema['properties'];
  if (!isObject(properties)) throw new Error(`${at}: neither a default nor properties in the schema`);
  const children = Object.entries(properties).map(([key, child]) => valueTree(child, [...path, key]));
  return { kind: 'group', path, description, children };
}
