// SPDX-License-Identifier: Apache-2.0
import { reasonTexts } from './reason-texts.ts';

/** docs/reasons.md: every reason of the closed list, each under its own heading so that pages can link to it. */
export function reasonsMarkdown(): string {
  const sections = Object.entries(reasonTexts).map(
    ([reason, { meaning, setOn, remedy }]) =>
      `## ${reason}\n\n${meaning}\n\n- **Set on:** ${setOn}\n- **What to do:** ${remedy}`,
  );
  return [
    '# Reasons',
    'A reason explains a condition of a policy, a backend or a record in one word. The list is closed and stable, so scripts and alerts may rely on it. The message of the condition names the object, the value and the remedy.',
    ...sections,
  ].join('\n\n');
}
