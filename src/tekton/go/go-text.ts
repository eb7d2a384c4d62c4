// SPDX-License-Identifier: Apache-2.0
/**
 * Trim as Go's TrimSpace does: the white space of JavaScript with U+0085 and without U+FEFF. A loop, because a pattern
 * would backtrack.
 */
export function goTrim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charAt(start))) start++;
  while (end > start && isSpace(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(character: string): boolean {
  return character === '\u0085' || (character !== '\uFEFF' && character.trim() === '');
}

const firstSurrogate = 0xd800;
const afterSurrogates = 0xe000;

/** Compare strings by their UTF-8 bytes. JavaScript orders differently only around surrogate pairs. */
export function byteOrder(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a !== b) return weight(a) - weight(b);
  }
  return left.length - right.length;
}

/** Surrogates encode code points above every single unit, so they sort after U+E000..U+FFFF. */
function weight(unit: number): number {
  if (unit < firstSurrogate) return unit;
  return unit >= afterSurrogates ? unit - 0x800 : unit + 0x2000;
}
