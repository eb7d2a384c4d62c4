// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pageCommands } from './page-commands.ts';

const docs = join(import.meta.dirname, '..', '..', 'docs');

/** The text of a section of a page of docs/. */
export function sectionText(page: string, heading: string): string {
  const text = readFileSync(join(docs, page), 'utf8');
  const start = text.indexOf(`\n## ${heading}\n`);
  assert.notEqual(start, -1, `docs/${page} has no section "${heading}"`);
  const end = text.indexOf('\n## ', start + 1);
  return text.slice(start, end === -1 ? undefined : end);
}

/** The shell commands of a section of a page of docs/. */
export function sectionCommands(page: string, heading: string): readonly string[] {
  return pageCommands(sectionText(page, heading)).map((command) => command.text);
}
