// SPDX-License-Identifier: Apache-2.0

/** The figures under one title, by the names of the rows. */
export interface Column {
  readonly title: string;
  readonly cells: Readonly<Record<string, string>>;
}

/** A Markdown table with a column for each thing that was measured, and a row for each figure that any of them has. */
export function columnsTable(columns: readonly Column[]): readonly string[] {
  const rows = new Set(columns.flatMap(({ cells }) => Object.keys(cells)));
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(['', ...columns.map(({ title }) => title)]),
    line(['---', ...columns.map(() => '---:')]),
    ...[...rows].map((row) => line([row, ...columns.map(({ cells }) => cells[row] ?? '')])),
  ];
}
