// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Checkout, pageFaults } from './page-faults.ts';
import { sourceFaults } from './source-rules.ts';

const root = join(import.meta.dirname, '..', '..');

/** Tracked files and those not yet added, without what git ignores. */
function files(): readonly string[] {
  const list = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
  });
  return list.split('\0').filter((path) => path !== '' && existsSync(join(root, path)));
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const checkout: Checkout = { has: (path) => existsSync(join(root, path)), page: read };

const listed = files();
const faults = [
  ...listed.filter((path) => /\.(ts|go|json)$/.test(path)).flatMap((path) => sourceFaults(path, read(path))),
  ...listed.filter((path) => path.endsWith('.md')).flatMap((path) => pageFaults(path, checkout)),
];
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
