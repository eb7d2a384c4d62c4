// SPDX-License-Identifier: Apache-2.0
import { byteOrder } from './go-text.ts';
import { untyped } from './json-node.ts';
import type { JsonNode } from './json-node.ts';
import { PayloadError } from '../payload-error.ts';

/** A value that can be written as JSON: a decoded node, or an object built in code, whose undefined members are omitted. */
export type Encodable = JsonNode | readonly Encodable[] | ReadonlyMap<string, Encodable> | EncodableObject | undefined;

export interface EncodableObject {
  readonly [key: string]: Encodable;
}

const htmlOrSeparator = /[<>&\u2028\u2029]/g;

/**
 * Write JSON as Go's ordinary encoder does: compact, keys in the given order, `<`, `>`, `&` and the Unicode line
 * separators escaped, integers exact.
 *
 * @throws PayloadError for a parameter or result without a value
 */
export function goJson(value: Encodable): string {
  if (typeof value === 'string') return escapeHtml(JSON.stringify(value));
  if (isList(value)) return `[${value.map(goJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return primitive(value, exactInteger);
  return `{${members(value)
    .map(([key, member]) => `${escapeHtml(JSON.stringify(key))}:${goJson(member)}`)
    .join(',')}}`;
}

/**
 * Write JSON as a free-form protobuf struct: compact, the keys of every object sorted by byte, every number a double,
 * no HTML escapes.
 *
 * @throws PayloadError for a parameter or result without a value
 */
export function structJson(value: Encodable): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(structJson).join(',')}]`;
  if (typeof value !== 'object' || value === null)
    return primitive(value, (integer) => JSON.stringify(Number(integer)));
  let text = '';
  for (const [key, member] of inByteOrder(members(value)))
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${structJson(member)}`;
  return `{${text}}`;
}

function members(value: EncodableObject | ReadonlyMap<string, Encodable>): [string, Encodable][] {
  const entries = isEncodableMap(value) ? [...value] : Object.entries(value);
  return entries.filter(([, member]) => member !== undefined);
}

/** The members of most objects are in order already, and sorting takes memory. */
function inByteOrder(sorted: [string, Encodable][]): readonly [string, Encodable][] {
  const isInOrder = sorted.every(([key], index) => byteOrder(sorted[index - 1]?.[0] ?? '', key) <= 0);
  return isInOrder ? sorted : sorted.sort(([left], [right]) => byteOrder(left, right));
}

function isEncodableMap(
  value: EncodableObject | ReadonlyMap<string, Encodable>,
): value is ReadonlyMap<string, Encodable> {
  return value instanceof Map;
}

function isList(value: Encodable): value is readonly Encodable[] {
  return Array.isArray(value);
}

function primitive(value: Encodable, integer: (value: bigint) => string): string {
  if (value === untyped) {
    throw new PayloadError('PayloadInvalid', 'a parameter or result has no value; give it one');
  }
  if (typeof value === 'bigint') return integer(value);
  if (typeof value === 'number' || typeof value === 'boolean') return JSON.stringify(value);
  return 'null';
}

function exactInteger(value: bigint): string {
  return value.toString();
}

function escapeHtml(json: string): string {
  return json.replace(htmlOrSeparator, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
