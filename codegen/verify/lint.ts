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
/** Files outside the folders of the graph, and files without types: they are few, and linted each time that anything is. */
const others = ['*.{js,ts}', '{src,codegen,e2e,bench}/**/*.js'];

const graph = ImportGraph.read(root, ['src', 'codegen', 'e2e', 'bench', 'packaging']);
const shared = globSync(foundations, { cwd: root })
  .sort()
  .map((path) => readFileSync(join(root, path), 'utf8'));
const now = lintKeys(graph, shared);
const due = [...now].filter(([, key]) => !passed.has(key)).map(([file]) => file);
const findings = due.length === 0 ? [] : await findingsIn(root, [...due, ...globSync(others, { cwd: root })]);
for (const finding of findings) console.log(line(finding));
console.log(`linted ${due.length} of ${now.size} files: the others and their imports are unchanged since they passed`);
const wrong = new Set(findings.map(({ filename }) => filename));
passed.add([...now].filter(([file]) => !wrong.has(file)).map(([, key]) => key));
if (findings.length > 0) process.exitCode = 1;
