// SPDX-License-Identifier: Apache-2.0
import { goTrim } from '../go/go-text.ts';
import { textPart } from '../param-value.ts';
import type { NamedValue } from '../run.ts';

export interface HintPair {
  readonly uri: string;
  readonly digest: string;
}

/**
 * Join results such as `appIMAGE_URL` and `appIMAGE_DIGEST` by the marker before the suffix, in the order in which the
 * markers first appear. Values are trimmed, blank ones are ignored, and the last of a repeated name counts.
 */
export function hintPairs(
  results: readonly NamedValue[],
  uriSuffix: string,
  digestSuffix: string,
): readonly HintPair[] {
  const pairs = new Map<string, { uri: string; digest: string }>();
  for (const { name, value } of results) {
    const suffix = [uriSuffix, digestSuffix].find((candidate) => name.endsWith(candidate));
    const text = goTrim(textPart(value));
    if (suffix === undefined || text === '') continue;
    const marker = name.slice(0, -suffix.length);
    const pair = pairs.get(marker) ?? { uri: '', digest: '' };
    pairs.set(marker, suffix === uriSuffix ? { ...pair, uri: text } : { ...pair, digest: text });
  }
  return [...pairs.values()].filter(({ uri, digest }) => uri !== '' && digest !== '');
}
