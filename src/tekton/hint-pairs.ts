// SPDX-License-Identifier: Apache-2.0
import { textPart } from './param-value.ts';
import type { NamedValue } from './run.ts';

export interface HintPair {
  readonly uri: string;
  readonly digest: string;
}

/**
 * Joins results such as `appIMAGE_URL` and `appIMAGE_DIGEST` by the marker in front of the suffix. Values are trimmed,
 * blank ones ignored; of a repeated name the last counts. In the order in which the markers first appear.
 */
export function hintPairs(
  results: readonly NamedValue[],
  uriSuffix: string,
  digestSuffix: string,
): readonly HintPair[] {
  const found = new Map<string, { uri: string; digest: string }>();
  for (const { name, value } of results) {
    const suffix = [uriSuffix, digestSuffix].find((candidate) => name.endsWith(candidate));
    const text = goTrim(textPart(value));
    if (suffix === undefined || text === '') continue;
    const marker = name.slice(0, -suffix.length);
    const pair = found.get(marker) ?? { uri: '', digest: '' };
    found.set(marker, suffix === uriSuffix ? { ...pair, uri: text } : { ...pair, digest: text });
  }
  return [...found.values()].filter(({ uri, digest }) => uri !== '' && digest !== '');
}

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
