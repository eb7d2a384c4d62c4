// SPDX-License-Identifier: Apache-2.0

/**
 * The beginning of a text, at most so many characters, as every JSON parser reads it back. A character that is cut in two would become
 * another one in the API server, and the seal over it would break.
 */
export function boundedText(text: string, maxLength: number): string {
  return text.slice(0, maxLength).toWellFormed();
}
