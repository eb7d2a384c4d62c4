// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pageCommands } from '../docs/page-commands.ts';

const page = join(import.meta.dirname, '..', '..', 'docs', 'enforcing.md');

/** The shell commands of a section of docs/enforcing.md. */
export function sectionCommands(heading: string): readonly string[] {
  const text = readFileSync(page, 'utf8');
  const start = text.indexOf(`\n## ${heading}\n`);
  assert.notEqual(start, -1, `docs/enforcing.md has no section "${heading}"`);
  const end = text.indexOf('\n## ', start + 1);
  return pageCommands(text.slice(start, end === -1 ? undefined : end)).map((command) => command.text);
}
