// SPDX-License-Identifier: Apache-2.0
// Checks the format of the files that changed since they passed: `node codegen/verify/check-format.ts`.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkoutFiles } from './checkout-files.ts';
import { gateCache, PassedKeys } from './passed-keys.ts';

const root = join(import.meta.dirname, '..', '..');
const foundations = ['package-lock.json', '.prettierrc.json', '.prettierignore'];

/** Hash everything that the result for a file depends on. */
function key(base: string, path: string): string {
  return createHash('sha256')
    .update(`${base}:${path}:`)
    .update(readFileSync(join(root, path)))
    .digest('hex');
}

const passed = new PassedKeys(join(gateCache(root), 'formatted'));
const base = foundations.reduce(key, '');
const now = new Map(checkoutFiles(root).map((path) => [path, key(base, path)]));
const due = [...now].filter(([, own]) => !passed.has(own)).map(([path]) => path);
if (due.length > 0) {
  const args = ['--check', '--ignore-unknown', '--log-level', 'warn', ...due];
  process.exitCode = spawnSync('prettier', args, { cwd: root, stdio: 'inherit' }).status ?? 1;
}
if (process.exitCode === undefined || process.exitCode === 0) passed.add(now.values());
