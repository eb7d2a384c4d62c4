// SPDX-License-Identifier: Apache-2.0
import { printableLines } from '../../runtime/printable.ts';
import { countColumns, type CoverageReport, runsOf, totalOf } from './coverage-report.ts';
import type { CountedReason, NamespaceCoverage } from './coverage.ts';

/** Prints a coverage report as a table for each namespace, with the reasons under it. */
export function reportText(report: CoverageReport): string {
  const { finished, unselected } = runsOf(report);
  const totals = [`finished: ${finished}`, `unselected: ${unselected}`].concat(
    countColumns.map(([count, title]) => `${title}: ${totalOf(report, count)}`),
  );
  const unread =
    report.unread.length === 0 ? [] : [`not allowed to read ${report.unread.join(', ')}: numbers may be too low`];
  return printableLines([...report.namespaces.map(namespaceText), totals.join(', '), ...unread].join('\n\n'));
}

function namespaceText({ namespace, finished, unselected, unselectedReasons, policies }: NamespaceCoverage): string {
  const rows = policies.map((policy) => [policy.policy, ...countColumns.map(([count]) => String(policy[count]))]);
  const table = rows.length === 0 ? [] : tableLines([['policy', ...countColumns.map(([, title]) => title)], ...rows]);
  return [
    `${namespace}: ${finished} finished, ${unselected} unselected`,
    ...table.map((line) => `  ${line}`),
    ...policies.flatMap(({ policy, reasons }) => reasonLines(policy, reasons)),
    ...reasonLines('unselected', unselectedReasons),
  ].join('\n');
}

function tableLines(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

function reasonLines(what: string, reasons: readonly CountedReason[]): readonly string[] {
  return reasons.map(({ reason, count, message }) => `  ${what}: ${count} x ${reason}, such as ${message}`);
}
