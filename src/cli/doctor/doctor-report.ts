// SPDX-License-Identifier: Apache-2.0
import { printableLines } from '../../runtime/printable.ts';
import type { Check, CheckState } from './check.ts';

const words: { readonly [State in CheckState]: string } = {
  OK: 'ok',
  Warning: 'warning',
  Failed: 'FAILED',
  Unseen: 'unseen',
};

/** Lists all checks by area, and counts them. */
export function doctorText(checks: readonly Check[]): string {
  const areas = [...new Set(checks.map(({ area }) => area))];
  const paragraphs = areas.map((area) => {
    const lines = checks
      .filter((check) => check.area === area)
      .map(({ state, subject, message }) => `  ${words[state].padEnd(8)} ${subject}: ${message}`);
    return [area, ...lines].join('\n');
  });
  return printableLines([...paragraphs, summary(checks)].join('\n\n'));
}

/** The checks as JSON, for scripts. */
export function doctorJson(checks: readonly Check[]): string {
  return JSON.stringify({ isHealthy: isHealthy(checks), checks }, undefined, 2);
}

/** True if nothing failed. Warnings and what the caller may not see fail nothing. */
export function isHealthy(checks: readonly Check[]): boolean {
  return checks.every(({ state }) => state !== 'Failed');
}

function summary(checks: readonly Check[]): string {
  const count = (state: CheckState): number => checks.filter((check) => check.state === state).length;
  const unseen = count('Unseen');
  const note = unseen === 0 ? '' : `; not visible with your rights: ${unseen}`;
  return `ok: ${count('OK')}, warnings: ${count('Warning')}, failed: ${count('Failed')}${note}`;
}
