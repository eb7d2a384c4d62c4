// SPDX-License-Identifier: Apache-2.0
import { printableLines } from '../../runtime/printable.ts';
import type { Explanation } from './explain-run.ts';

/** An explanation for people, a run a paragraph. */
export function explanationText({ runs, unread }: Explanation): string {
  const paragraphs = runs.map(({ run, state, policies, summary }) => {
    const lines = policies.map(({ policy, isSelected, message, record, reason, warnings = [] }) => {
      const verdict = reason ?? (isSelected ? 'selected' : 'not selected');
      const title = `  ${policy}: ${verdict}${record === undefined ? '' : ` (record ${record})`}`;
      return [title, `    ${message}`, ...warnings.map((text) => `    ${text}`)].join('\n');
    });
    return [`${run}: ${state}`, `  ${summary}`, ...lines].join('\n');
  });
  const missing =
    unread.length === 0 ? [] : [`not allowed to read ${unread.join(', ')}: what they would say is missing above`];
  return printableLines([...paragraphs, ...missing].join('\n\n'));
}
