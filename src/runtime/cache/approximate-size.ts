// SPDX-License-Identifier: Apache-2.0
/** Rough cost of a value on top of its characters: a slot in its parent, and its own header. */
const VALUE_BYTES = 16;

/**
 * About how many bytes a decoded JSON value takes in memory: good for holding budgets, cheaper than writing it out, and defined for
 * integers that JSON.stringify refuses.
 */
export function approximateSizeBytes(value: unknown): number {
  let size = 0;
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    size += VALUE_BYTES;
    if (typeof next === 'string') size += next.length;
    else if (Array.isArray(next)) for (const member of next) open.push(member);
    else if (typeof next === 'object' && next !== null) {
      for (const key of Object.keys(next)) size += key.length;
      for (const member of Object.values(next)) open.push(member);
    }
  }
  return size;
}
