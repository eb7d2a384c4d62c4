// SPDX-License-Identifier: Apache-2.0
// Checks the format of all files of the checkout: `node codegen/verify/check-format.ts`. oxfmt writes what prettier writes, and looks at
// all files in a second, where prettier takes most of a minute. prettier has the last word on the few that oxfmt would change.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { checkoutFiles } from './checkout-files.ts';

const root = join(import.meta.dirname, '..', '..');
const paths = checkoutFiles(root);

/** Run a formatter of the checkout over files, and show its complaints. */
function run(formatter: string, args: readonly string[]): { readonly status: number; readonly output: string } {
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const { status, stdout, error } = spawnSync(formatter, args, { cwd: root, stdio: [...stdio], encoding: 'utf8' });
  if (error !== undefined) throw error;
  return { status: status ?? 1, output: stdout };
}

const { status, output } = run('oxfmt', ['--config', '.prettierrc.json', '--list-different', ...paths]);
const doubtful = output.split('\n').filter((path) => path !== '');
if (doubtful.length > 0)
  process.exitCode = run('prettier', ['--check', '--ignore-unknown', '--log-level', 'warn', ...doubtful]).status;
// More than a difference: there is a file that oxfmt cannot read, whatever the others look like.
if (status > 1) process.exitCode = status;
