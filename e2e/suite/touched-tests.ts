// SPDX-License-Identifier: Apache-2.0
import type { ImportGraph } from '../../codegen/verify/import-graph.ts';

/** Files that no test reads. */
const texts = /\.md$|^LICENSE$|^docs\/|^\.git/;
/** Files that everything stands on. */
const foundations = /^(package(-lock)?\.json|tsconfig.*\.json|Dockerfile|bin\/.*)$/;

/** Folders of sources, which every import names. */
const sources = new Set(['src', 'codegen', 'e2e', 'bench', 'packaging', 'testbed']);

/**
 * The test files that a change of `changed` can touch: they import a changed file, directly or not, start it as a process,
 * or stand on a module that names a changed file of data, or its folder. A changed file that nothing names touches all.
 */
export function touchedTests(
  graph: ImportGraph,
  tests: readonly string[],
  changed: readonly string[],
): readonly string[] {
  const relevant = changed.filter((path) => !texts.test(path));
  if (relevant.some((path) => foundations.test(path))) return tests;
  const touched = new Set<string>();
  for (const path of relevant) {
    const found = path.endsWith('.ts') ? [path] : readers(graph, path);
    if (found.length === 0) return tests;
    for (const source of found) touched.add(source);
  }
  return tests.filter((test) => [...graph.closure(test)].some((file) => touched.has(file)));
}

/** The modules that name a file of data or one of its folders. */
function readers(graph: ImportGraph, path: string): readonly string[] {
  const parts = path.split('/').filter((part) => !sources.has(part));
  const names = parts.map((part) => new RegExp(`['"\`/]${part.replaceAll(/[^\w-]/g, '\\$&')}['"\`/]`));
  return graph.files.filter((file) => names.some((name) => name.test(graph.text(file))));
}
