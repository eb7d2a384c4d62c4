// SPDX-License-Identifier: Apache-2.0
import { reasonTexts } from './reason-texts.ts';

/** docs/reasons.md: every reason of the closed list, under a heading of its own that pages link to. */
export function reasonsMarkdown(): string {
  const sections = Object.entries(reasonTexts).map(
    ([reason, { meaning, setOn, remedy }]) => `## ${reason}\n\n${meaning}\n\n- **Set on:** ${setOn}\n- **What to do:** ${remedy}`,
  );
  return [
    '# Reasons',
    'Why a condition of a policy, a backend or a record stands as it does, in one word. The list is closed and stable: scripts and alerts may rely on it. The message beside it names the object, the value and the remedy.',
    ...sections,
  ].join('\n\n');
}
