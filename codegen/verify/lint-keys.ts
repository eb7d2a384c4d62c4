// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { ImportGraph } from './import-graph.ts';

export interface LintedFiles {
  readonly graph: ImportGraph;
  /** The texts of files that are not in the graph, by path; they import nothing that is not shared. */
  readonly others: ReadonlyMap<string, string>;
  /** The texts that the findings in all files depend on. */
  readonly shared: readonly string[];
}

/**
 * Hash everything that the findings in each file depend on: what all files share, the file itself, and its dependencies. The
 * file is named, because the files of an import cycle have the same dependencies and not the same findings.
 */
export function lintKeys({ graph, others, shared }: LintedFiles): ReadonlyMap<string, string> {
  const base = hash(shared);
  const own = new Map(graph.files.map((file) => [file, hash([file, graph.text(file)])]));
  const key = (file: string): string =>
    hash([base, file, ...[...graph.closure(file)].sort().map((path) => own.get(path) ?? '')]);
  return new Map([
    ...graph.files.map((file) => [file, key(file)] as const),
    ...[...others].map(([file, text]) => [file, hash([base, file, text])] as const),
  ]);
}

function hash(texts: readonly string[]): string {
  const digest = createHash('sha256');
  for (const text of texts) digest.update(`${text.length}:${text}`);
  return digest.digest('hex');
}
