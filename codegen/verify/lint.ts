// SPDX-License-Identifier: Apache-2.0
// Checks the types, and lints the files that changed since they passed: `node codegen/verify/lint.ts`. Typed rules see the
// imports of a file, so a file is linted again when any of its dependencies, a package or a rule has changed. They see the
// types that were checked just before: nothing is read or inferred twice.
import { globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ESLint } from 'eslint';
import type ts from 'typescript';
import { ImportGraph } from './import-graph.ts';
import { lintKeys } from './lint-keys.ts';
import { gateCache, PassedKeys } from './passed-keys.ts';
import { typeCheck } from './type-check.ts';

const root = join(import.meta.dirname, '..', '..');
const passed = new PassedKeys(join(gateCache(root), 'linted'));
const foundations = ['package-lock.json', 'tsconfig.json', 'eslint.config.js', 'codegen/lint/*.js'];
/** Files without types are few and linted each time. */
const untyped = ['*.js', '{src,codegen,e2e,bench}/**/*.js'];

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Lint the files with the types of this program, and print the findings. Return the paths of files with errors. */
async function lint(files: readonly string[], program: ts.Program | undefined): Promise<ReadonlySet<string>> {
  const parserOptions = program === undefined ? {} : { projectService: false, programs: [program] };
  const overrideConfig = { files: ['**/*.ts'], languageOptions: { parserOptions } };
  const eslint = new ESLint({ cwd: root, warnIgnored: false, overrideConfig });
  const results = await eslint.lintFiles([...files]);
  const formatter = await eslint.loadFormatter('stylish');
  process.stdout.write(await formatter.format(results));
  return new Set(results.filter(({ errorCount }) => errorCount > 0).map(({ filePath }) => relative(root, filePath)));
}

const graph = ImportGraph.read(root, ['src', 'codegen', 'e2e', 'bench', 'packaging']);
const now = lintKeys(graph, globSync(foundations, { cwd: root }).sort().map(read));
const due = [...now].filter(([, key]) => !passed.has(key)).map(([file]) => file);
const checked =
  due.length > 0 ? typeCheck(root, join(root, 'node_modules', '.cache', 'hallmark', 'types.tsbuildinfo')) : undefined;
const faults = checked?.faults ?? '';
process.stdout.write(faults);
const wrong = await lint([...due, ...globSync(untyped, { cwd: root })], checked?.program);
console.log(`linted ${due.length} of ${now.size} files: the others and their imports are unchanged since they passed`);
// A file with faults in its types may make others look right.
if (faults === '') passed.add([...now].filter(([file]) => !wrong.has(file)).map(([, key]) => key));
if (wrong.size > 0 || faults !== '') process.exitCode = 1;
