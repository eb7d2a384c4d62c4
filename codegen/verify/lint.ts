// SPDX-License-Identifier: Apache-2.0
// Checks the types, and lints the files that changed since they passed: `node codegen/verify/lint.ts`. Types and typed rules see
// the imports of a file, so a file is checked again when any of its dependencies, a package or a rule has changed.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ImportGraph } from './import-graph.ts';
import { lintKeys } from './lint-keys.ts';
import { findingsIn, line } from './oxlint-findings.ts';
import { gateCache, PassedKeys } from './passed-keys.ts';

const root = join(import.meta.dirname, '..', '..');
const passed = new PassedKeys(join(gateCache(root), 'linted'));
const foundations = ['package.json', 'package-lock.json', 'tsconfig.json', 'oxlint.config.ts', 'codegen/lint/*.js'];
const folders = ['src', 'codegen', 'e2e', 'bench', 'packaging'];
/** Files outside the graph of imports: those at the top, and JavaScript. */
const others = ['*.{js,ts}', `{${folders.join()}}/**/*.{js,cjs}`];

/** Read the files that match, by path. */
function texts(patterns: readonly string[]): ReadonlyMap<string, string> {
  const paths = globSync(patterns, { cwd: root }).sort();
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

const graph = ImportGraph.read(root, folders);
const now = lintKeys({ graph, others: texts(others), shared: [...texts(foundations).values()] });
const due = [...now].filter(([, key]) => !passed.has(key)).map(([file]) => file);
const findings = due.length === 0 ? [] : await findingsIn(root, due);
for (const finding of findings) console.log(line(finding));
console.log(`linted ${due.length} of ${now.size} files: the others and their imports are unchanged since they passed`);
const wrong = new Set(findings.map(({ filename }) => filename));
passed.add([...now].filter(([file]) => !wrong.has(file)).map(([, key]) => key));
if (findings.length > 0) process.exitCode = 1;
