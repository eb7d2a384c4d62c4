// SPDX-License-Identifier: Apache-2.0
import type { CelRule } from '../../src/api/v1alpha1/fields/cel-rule.ts';
import { field, has, isObject, listField } from '../../src/json/fields.ts';

/** The common part of JSON Schema and structural schemas, read once from the TypeBox objects. */
export interface SchemaNode {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly description?: string;
  readonly enum?: readonly (string | number)[];
  readonly format?: string;
  /** minLength, maxItems and the like, by keyword. */
  readonly bounds: Readonly<Record<string, number>>;
  readonly properties?: ReadonlyMap<string, SchemaNode>;
  readonly required: readonly string[];
  readonly items?: SchemaNode;
  /** The values of a map. */
  readonly values?: SchemaNode;
  readonly rules: readonly Omit<CelRule, 'holds'>[];
  /** x-kubernetes-list-type and its siblings. */
  readonly extensions: Readonly<Record<string, unknown>>;
}

const types = ['object', 'array', 'string', 'integer', 'boolean'] as const;
const boundKeywords = ['minLength', 'maxLength', 'minItems', 'maxItems', 'minimum', 'maximum', 'maxProperties'];
const extensionKeywords = ['x-kubernetes-list-type', 'x-kubernetes-list-map-keys', 'x-kubernetes-map-type'];
const otherKeywords = ['type', 'description', 'enum', 'format', 'properties', 'required', 'items', 'patternProperties'];
const RULES = 'x-kubernetes-validations';
const supported = new Set([...boundKeywords, ...extensionKeywords, ...otherKeywords, RULES]);

/**
 * Read a schema.
 *
 * @throws Error with the path of anything that a structural schema does not support or that lacks a bound
 */
export function schemaNode(schema: unknown, path: string): SchemaNode {
  if (!isObject(schema)) throw new Error(`${path}: not a schema`);
  const foreign = Object.keys(schema).filter((keyword) => !supported.has(keyword));
  if (foreign.length > 0) throw new Error(`${path}: ${foreign.join(', ')} not supported in a structural schema`);
  const node: SchemaNode = {
    type: typeOf(schema, path),
    ...optionalText(schema, 'description'),
    ...optionalText(schema, 'format'),
    ...(has(schema, 'enum') ? { enum: enumValues(schema) } : {}),
    bounds: bounds(schema),
    ...children(schema, path),
    required: listField(schema, 'required').map(String),
    rules: listField(schema, RULES).map(rule),
    extensions: Object.fromEntries(Object.entries(schema).filter(([keyword]) => extensionKeywords.includes(keyword))),
  };
  requireBound(node, path);
  return node;
}

function children(
  schema: Readonly<Record<string, unknown>>,
  path: string,
): Pick<SchemaNode, 'properties' | 'items' | 'values'> {
  const { properties, patternProperties, items } = schema;
  return {
    ...(isObject(properties)
      ? {
          properties: new Map(
            Object.entries(properties).map(([name, child]) => [name, property(child, `${path}.${name}`)]),
          ),
        }
      : {}),
    ...(isObject(patternProperties) ? { values: schemaNode(Object.values(patternProperties)[0], `${path}.*`) } : {}),
    ...(items === undefined ? {} : { items: schemaNode(items, `${path}[]`) }),
  };
}

function property(schema: unknown, path: string): SchemaNode {
  const node = schemaNode(schema, path);
  if (node.description === undefined) throw new Error(`${path}: every field has a description`);
  return node;
}

function typeOf(schema: Readonly<Record<string, unknown>>, path: string): SchemaNode['type'] {
  // TypeBox omits the type of an enum; each enum here holds either strings or integers.
  const name = has(schema, 'enum')
    ? enumValues(schema).every(Number.isSafeInteger)
      ? 'integer'
      : 'string'
    : schema['type'];
  const type = types.find((candidate) => candidate === name);
  if (type === undefined) throw new Error(`${path}: type ${String(name)} is not supported in a structural schema`);
  return type;
}

function enumValues(schema: unknown): readonly (string | number)[] {
  return listField(schema, 'enum').map((value) => (typeof value === 'number' ? value : String(value)));
}

function optionalText<Keyword extends 'description' | 'format'>(
  schema: unknown,
  keyword: Keyword,
): { readonly [K in Keyword]?: string } {
  const text = field(schema, keyword);
  const result: { [K in Keyword]?: string } = {};
  if (typeof text === 'string') result[keyword] = text;
  return result;
}

function bounds(schema: unknown): Readonly<Record<string, number>> {
  return Object.fromEntries(
    boundKeywords.flatMap((keyword) => {
      const value = field(schema, keyword);
      return typeof value === 'number' ? [[keyword, value]] : [];
    }),
  );
}

function rule(value: unknown): Omit<CelRule, 'holds'> {
  const fieldPath = field(value, 'fieldPath');
  const optionalOldSelf = field(value, 'optionalOldSelf');
  return {
    rule: String(field(value, 'rule')),
    message: String(field(value, 'message')),
    ...(typeof fieldPath === 'string' ? { fieldPath } : {}),
    ...(optionalOldSelf === true ? { optionalOldSelf } : {}),
  };
}

/** Require bounds: the API server estimates the cost of CEL rules from them, and etcd limits the size of objects. */
function requireBound(node: SchemaNode, path: string): void {
  const bounded = {
    string: node.enum !== undefined || node.format === 'date-time' || 'maxLength' in node.bounds,
    array: 'maxItems' in node.bounds && 'x-kubernetes-list-type' in node.extensions,
    object: node.properties !== undefined || 'maxProperties' in node.bounds,
    integer: node.enum !== undefined || ('minimum' in node.bounds && node.format !== undefined),
    boolean: true,
  };
  if (!bounded[node.type]) throw new Error(`${path}: the ${node.type} needs its bounds`);
}
