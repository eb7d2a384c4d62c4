// SPDX-License-Identifier: Apache-2.0

/** Words of another register than the rest of the code and its documentation. */
const WORDS =
  /\b(told|said|heard|nobody|somebody|anybody|whoever|nonsense|beside|repercussions|surroundings|standing|meetings)\b/gi;

/** List the words of a text that plain English has a shorter way for. */
export function withdrawnWords(text: string): readonly string[] {
  return [...text.matchAll(WORDS)].map(([word]) => word);
}
