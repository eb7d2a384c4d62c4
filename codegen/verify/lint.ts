// SPDX-License-Identifier: Apache-2.0
// Lints the files that changed since they passed: `node codegen/verify/lint.ts`. Typed rules see the imports of a file, so a
// file is linted again when any of its dependencies, a package or a rule has changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ImportGraph } from './import-graph.ts';

const root = join(import.meta.dirname, '..', '..');
const record = join(root, 'node_modules', '.cache', 'hallmark', 'linted.json');
const foundations = ['package-lock.json', 'tsconfig.json', 'eslint.config.js', 'codegen/lint/*.js'];
/** Files without types are few and linted each time. */
const untyped = ['*.js', '{src,codegen,e2e,bench}/**/*.js'];

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function hash(texts: readonly string[]): string {
  const digest = createHash('sha256');
  for (const text of texts) digest.update(`${text.length}:${text}`);
  return digest.digest('hex');
}

/** Hash everything that the result for a file depends on. */
function keys(): ReadonlyMap<string, string> {
  const graph = ImportGraph.read(root, ['src', 'codegen', 'e2e', 'bench', 'packaging']);
  const base = hash(globSync(foundations, { cwd: root }).sort().map(read));
  const own = new Map(graph.files.map((file) => [file, hash([file, graph.text(file)])]));
  const key = (file: string): string =>
    hash([base, ...[...graph.closure(file)].sort().map((path) => own.get(path) ?? '')]);
  return new Map(graph.files.map((file) => [file, key(file)]));
}

function passedBefore(): ReadonlyMap<string, string> {
  try {
    const recorded: unknown = JSON.parse(readFileSync(record, 'utf8'));
    return new Map(Object.entries(recorded ?? {}).map(([file, key]) => [file, String(key)]));
  } catch {
    // Nothing was recorded yet.
    return new Map();
  }
}

const now = keys();
const before = passedBefore();
const due = [...now].filter(([file, key]) => before.get(file) !== key).map(([file]) => file);
const files = [...due, ...globSync(untyped, { cwd: root })];
const { status } = spawnSync('eslint', ['--no-warn-ignored', ...files], { cwd: root, stdio: 'inherit' });
console.log(`linted ${due.length} of ${now.size} files: the others and their imports are unchanged since they passed`);
if (status === 0) {
  mkdirSync(dirname(record), { recursive: true });
  writeFileSync(record, JSON.stringify(Object.fromEntries(now)));
} else {
  process.exitCode = 1;
}
