// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { boundedText } from '../bounded-text.ts';
import { unreadableFile } from '../file-error.ts';
import { lintDocuments, type LintDocument, type UnreadableDocument } from './lint-documents.ts';

/** The most of one file. Its YAML takes some forty times as much memory with the places of all fields. */
const MAX_MIB = 32;

const extensions = ['.yaml', '.yml', '.json'];

/**
 * Reads the documents of the given files, in order. A folder stands for its YAML and JSON files at any depth, without hidden ones; `-` is
 * standard input. Rejects with the path that does not exist or cannot be read.
 */
export async function lintFiles(
  paths: readonly string[],
  standardInput: NodeJS.ReadableStream,
): Promise<readonly (LintDocument | UnreadableDocument)[]> {
  const documents: (LintDocument | UnreadableDocument)[] = [];
  for (const path of paths) {
    if (path === '-') documents.push(...lintDocuments('stdin', await boundedText('stdin', standardInput, MAX_MIB)));
    else
      for (const file of await filesOf(path))
        documents.push(...lintDocuments(file, await boundedText(file, createReadStream(file), MAX_MIB)));
  }
  return documents;
}

async function filesOf(path: string): Promise<readonly string[]> {
  const { isDirectory } = await pathKind(path);
  if (!isDirectory) return [path];
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

async function pathKind(path: string): Promise<{ readonly isDirectory: boolean }> {
  return { isDirectory: (await stat(path).catch(unreadableFile(path))).isDirectory() };
}
