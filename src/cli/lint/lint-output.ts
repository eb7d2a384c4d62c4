// SPDX-License-Identifier: Apache-2.0
import { printable } from '../../runtime/printable.ts';
import type { LintFinding, LintReport } from './lint-report.ts';

/** A line for each finding: `file:document Kind namespace/name: path: what must hold`. */
export function lintLines({ problems, warnings }: LintReport): readonly string[] {
  return [...problems.map((problem) => line(problem, '')), ...warnings.map((warning) => line(warning, 'warning: '))];
}

/** What was looked at, in one line. */
export function lintSummary({ checked, ignored, problems, warnings }: LintReport): string {
  const counts = [
    `${counted(checked, 'hallmark.dev document')} checked`,
    `${String(ignored)} of other groups ignored`,
    counted(problems.length, 'problem'),
    counted(warnings.length, 'warning'),
  ];
  return counts.join(', ');
}

function line({ file, document, kind, namespace, name, path, message }: LintFinding, prefix: string): string {
  const object = [kind, [namespace, name].filter((part) => part !== undefined).join('/')].filter(Boolean).join(' ');
  const place = `${file}:${String(document)}${object === '' ? '' : ` ${object}`}`;
  return printable(`${place}: ${prefix}${path === '' ? message : `${path}: ${message}`}`);
}

function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}
