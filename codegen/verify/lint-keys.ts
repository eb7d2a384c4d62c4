// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { ImportGraph } from './import-graph.ts';

/**
 * Hash everything that the findings in each file depend on: what all files share, the file itself, and its dependencies. The
 * file is named, because the files of an import cycle have the same dependencies and not the same findings.
 */
export function lintKeys(graph: ImportGraph, shared: readonly string[]): ReadonlyMap<string, string> {
  const base = hash(shared);
  const own = new Map(graph.files.map((file) => [file, hash([file, graph.text(file)])]));
  const key = (file: string): string =>
    hash([base, file, ...[...graph.closure(file)].sort().map((path) => own.get(path) ?? '')]);
  return new Map(graph.files.map((file) => [file, key(file)]));
}

function hash(texts: readonly string[]): string {
  const digest = createHash('sha256');
  for (const text of texts) digest.update(`${text.length}:${text}`);
  return digest.digest('hex');
}
