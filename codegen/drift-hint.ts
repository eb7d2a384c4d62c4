// SPDX-License-Identifier: Apache-2.0
/** Show the first line in which a file differs from its generated text. */
export function driftHint(before: string, after: string): string {
  const old = before.split('\n');
  const wanted = after.split('\n');
  const index = wanted.findIndex((line, at) => line !== old[at]);
  const at = index < 0 ? wanted.length : index;
  const shown = (line: string | undefined): string => (line === undefined ? '(end of file)' : line);
  return `  line ${String(at + 1)}\n  - ${shown(old[at])}\n  + ${shown(wanted[at])}`;
}
