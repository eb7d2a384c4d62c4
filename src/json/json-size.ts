// SPDX-License-Identifier: Apache-2.0
import { isObject, type JsonObject } from './fields.ts';

/** Quotation marks of a string, or brackets of a list or an object. */
const PAIR = 2;

/**
 * The length of a decoded value as JSON without spaces, which is about its size in bytes: escapes count as one character. It writes nothing
 * out, and takes integers that JSON.stringify refuses.
 */
export function jsonSizeBytes(value: unknown): number {
  if (typeof value === 'string') return value.length + PAIR;
  if (Array.isArray(value)) return listSizeBytes(value);
  return isObject(value) ? objectSizeBytes(value) : String(value).length;
}

function listSizeBytes(list: readonly unknown[]): number {
  let size = PAIR + Math.max(0, list.length - 1);
  for (const member of list) size += jsonSizeBytes(member);
  return size;
}

function objectSizeBytes(object: JsonObject): number {
  let size = PAIR;
  let separator = 0;
  for (const key of Object.keys(object)) {
    const member = object[key];
    if (member === undefined) continue;
    size += separator + key.length + PAIR + 1 + jsonSizeBytes(member);
    separator = 1;
  }
  return size;
}
