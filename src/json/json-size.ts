// SPDX-License-Identifier: Apache-2.0
/** Quotation marks of a string, or brackets of a list or an object. */
const PAIR = 2;

/**
 * The length of a decoded value as JSON without spaces, which is about its size in bytes: escapes count as one character. It writes nothing
 * out, and takes integers that JSON.stringify refuses.
 */
export function jsonSizeBytes(value: unknown): number {
  if (typeof value === 'string') return value.length + PAIR;
  if (typeof value !== 'object' || value === null) return String(value).length;
  return Array.isArray(value) ? listSizeBytes(value) : objectSizeBytes(value);
}

function listSizeBytes(list: readonly unknown[]): number {
  let size = PAIR + Math.max(0, list.length - 1);
  for (const member of list) size += jsonSizeBytes(member);
  return size;
}

function objectSizeBytes(object: object): number {
  let size = PAIR;
  let separator = 0;
  for (const [key, member] of Object.entries(object)) {
    if (member === undefined) continue;
    size += separator + key.length + PAIR + 1 + jsonSizeBytes(member);
    separator = 1;
  }
  return size;
}
