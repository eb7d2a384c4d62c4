// SPDX-License-Identifier: Apache-2.0
/** A parameter or result without a `value`: readable, but writing it is an error, as in the reference. */
export const untyped: unique symbol = Symbol('untyped');

/**
 * A decoded JSON value. Objects are Maps, which keep the order of every key and treat no key (`__proto__`, `10`) as
 * special; a bigint is an integer beyond 2^53.
 */
export type JsonNode = null | boolean | number | bigint | string | typeof untyped | readonly JsonNode[] | JsonMap;

export type JsonMap = ReadonlyMap<string, JsonNode>;

const empty: JsonMap = new Map();

export function isMap(node: JsonNode | undefined): node is JsonMap {
  return node instanceof Map;
}

/** The member `key` as an object; empty when it is not one. */
export function mapAt(node: JsonMap, key: string): JsonMap {
  const member = node.get(key);
  return isMap(member) ? member : empty;
}

export function optionalMapAt(node: JsonMap, key: string): JsonMap | undefined {
  const member = node.get(key);
  return isMap(member) ? member : undefined;
}

/** The member `key` as a string; empty when it is not one. */
export function textAt(node: JsonMap, key: string): string {
  const member = node.get(key);
  return typeof member === 'string' ? member : '';
}

export function listAt(node: JsonMap, key: string): readonly JsonNode[] {
  const member = node.get(key);
  return isList(member) ? member : [];
}

export function mapsAt(node: JsonMap, key: string): readonly JsonMap[] {
  return listAt(node, key).filter(isMap);
}

export function textsAt(node: JsonMap, key: string): readonly string[] {
  return listAt(node, key).filter((entry) => typeof entry === 'string');
}

/** A map of strings, such as labels or digests. */
export function textMapAt(node: JsonMap, key: string): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const [name, value] of mapAt(node, key)) {
    if (typeof value === 'string') texts.set(name, value);
  }
  return texts;
}

export function isList(node: JsonNode | undefined): node is readonly JsonNode[] {
  return Array.isArray(node);
}
