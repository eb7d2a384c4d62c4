// SPDX-License-Identifier: Apache-2.0
/** Rough cost of a value on top of its characters: a slot in its parent, and its own header. */
const VALUE_BYTES = 16;

/**
 * About how many bytes a decoded JSON value takes in memory: good for holding budgets, cheaper than writing it out, and defined for
 * integers that JSON.stringify refuses.
 */
export function approximateSizeBytes(value: unknown): number {
  return sizeUpTo(Infinity, value);
}

/** True when the value takes more than so many bytes; it looks at no more of the value than that takes. */
export function isLargerThan(bytes: number, value: unknown): boolean {
  return sizeUpTo(bytes, value) > bytes;
}

function sizeUpTo(limit: number, value: unknown): number {
  let size = VALUE_BYTES;
  const open: unknown[] = [value];
  while (open.length > 0 && size <= limit) {
    const next = open.pop();
    if (typeof next === 'string') size += next.length;
    else if (Array.isArray(next)) size += opened(next, open, limit - size);
    else if (typeof next === 'object' && next !== null) {
      for (const key of Object.keys(next)) size += key.length;
      size += opened(Object.values(next), open, limit - size);
    }
  }
  return size;
}

/** Opens the members for a look, unless their headers alone take more than there is room for. @returns the bytes of the headers */
function opened(members: readonly unknown[], open: unknown[], room: number): number {
  const size = VALUE_BYTES * members.length;
  if (size <= room) for (const member of members) open.push(member);
  return size;
}
