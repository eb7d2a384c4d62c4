// SPDX-License-Identifier: Apache-2.0
import { byteOrder } from './go/go-text.ts';
import { isMap, untyped } from './go/json-node.ts';
import type { JsonMap, JsonNode } from './go/json-node.ts';

/**
 * Normalise the value of a parameter or result by its JSON shape, not its declared type. A string, a list of strings
 * and an object of strings stay unchanged; everything else becomes its JSON text.
 */
export function paramValue(value: unknown): JsonNode {
  if (value === undefined) return untyped;
  if (value === null) return '';
  if (typeof value === 'string') return value.toWellFormed();
  return texts(value) ?? textMap(value) ?? jsonText(value);
}

function texts(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items: string[] = [];
  for (const entry of value) {
    const text = textOrNull(entry);
    if (text === undefined) return undefined;
    items.push(text);
  }
  return items;
}

function textMap(value: unknown): JsonMap | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const entries: [string, string][] = [];
  for (const [key, entry] of Object.entries(value)) {
    const text = textOrNull(entry);
    if (text === undefined) return undefined;
    entries.push([key.toWellFormed(), text]);
  }
  return new Map(entries.sort(([left], [right]) => byteOrder(left, right)));
}

function textOrNull(value: unknown): string | undefined {
  if (value === null) return '';
  return typeof value === 'string' ? value.toWellFormed() : undefined;
}

/** JSON text with a blank after each comma and colon, the form observed in the reference. */
function jsonText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}: ${jsonText(member)}`);
    return `{${members.join(', ')}}`;
  }
  if (typeof value === 'bigint') return value.toString();
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string'
    ? JSON.stringify(value)
    : 'null';
}

/** The value as a string; empty for lists, objects and missing values. */
export function textPart(value: JsonNode | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** The value as an object; undefined for strings and lists. */
export function objectPart(value: JsonNode | undefined): ReadonlyMap<string, string> | undefined {
  if (!isMap(value)) return undefined;
  return new Map([...value].map(([key, entry]) => [key, textPart(entry)]));
}
