// SPDX-License-Identifier: Apache-2.0
import { isObject, type JsonObject } from './fields.ts';

/**
 * True when both values are surely the same JSON, whatever the order of their fields. A field that is undefined counts as absent. It costs a
 * fraction of writing both out. An integer of another type than its like counts as different.
 */
export function isSameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one)) return Array.isArray(other) && isSameList(one, other);
  return isObject(one) && isObject(other) && isSameObject(one, other);
}

function isSameList(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((item, index) => isSameJson(item ?? null, other[index] ?? null));
}

function isSameObject(one: JsonObject, other: JsonObject): boolean {
  const names = presentNames(one);
  if (names.length !== presentNames(other).length) return false;
  return names.every((name) => Object.hasOwn(other, name) && isSameJson(one[name], other[name]));
}

function presentNames(object: JsonObject): readonly string[] {
  return Object.keys(object).filter((name) => object[name] !== undefined);
}
