// SPDX-License-Identifier: Apache-2.0

/** One line for a terminal: who wrote what is shown must not be able to send control sequences, or lines of their own. */
export function printable(line: string): string {
  return line.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    JSON.stringify(character)
      .slice(1, -1)
      .replace(/^[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]$/u, '?'),
  );
}

/** The same for a text of many lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
