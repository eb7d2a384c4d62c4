// SPDX-License-Identifier: Apache-2.0
/** Go's TrimSpace: JavaScript's white space with U+0085 and without U+FEFF. A loop, since a pattern would backtrack. */
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
