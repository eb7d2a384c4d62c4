// SPDX-License-Identifier: Apache-2.0
import { readFile, readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { lintDocuments, type LintDocument, type UnreadableDocument } from './lint-documents.ts';

const extensions = ['.yaml', '.yml', '.json'];

/**
 * The documents of the given files, in order: a folder gives its YAML and JSON files at any depth (hidden ones left out), and `-`
 * is standard input. Rejects with what the file system says of a path that cannot be read.
 */
export async function lintFiles(
  paths: readonly string[],
  standardInput: NodeJS.ReadableStream,
): Promise<readonly (LintDocument | UnreadableDocument)[]> {
  const documents: (LintDocument | UnreadableDocument)[] = [];
  for (const path of paths) {
    if (path === '-') documents.push(...lintDocuments('stdin', await text(standardInput)));
    else for (const file of await filesOf(path)) documents.push(...lintDocuments(file, await readFile(file, 'utf8')));
  }
  return documents;
}

async function filesOf(path: string): Promise<readonly string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  const visible = entries.filter(({ name }) => !name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1));
  const nested: string[] = [];
  for (const entry of visible) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) nested.push(...(await filesOf(child)));
    else if (extensions.includes(extname(entry.name))) nested.push(child);
  }
  return nested;
}
