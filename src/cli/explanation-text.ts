// SPDX-License-Identifier: Apache-2.0
import type { Explanation } from './explain-run.ts';

/** An explanation for people, a run a paragraph. */
export function explanationText({ runs, unread }: Explanation): string {
  const paragraphs = runs.map(({ run, state, policies, summary }) => {
    const lines = policies.map(({ policy, isSelected, message, record, reason }) => {
      const verdict = reason ?? (isSelected ? 'selected' : 'not selected');
      return `  ${policy}: ${verdict}${record === undefined ? '' : ` (record ${record})`}\n    ${message}`;
    });
    return [`${run}: ${state}`, `  ${summary}`, ...lines].join('\n');
  });
  const missing =
    unread.length === 0 ? [] : [`not allowed to read ${unread.join(', ')}: what they would say is missing above`];
  return [...paragraphs, ...missing].join('\n\n');
}
