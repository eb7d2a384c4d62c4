// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const packages = join(import.meta.dirname, '..', '..', 'node_modules');
const oxfmt = join(packages, 'oxfmt', 'bin', 'oxfmt');
const prettier = join(packages, 'prettier', 'bin', 'prettier.cjs');

/**
 * List the files whose format prettier would change. oxfmt writes what prettier writes and looks at all files in a second, where
 * prettier takes most of a minute; so prettier looks only at the few that oxfmt would change.
 *
 * @param root the folder with the settings of prettier
 * @param paths from there
 * @throws Error naming the files that a formatter cannot read
 */
export function unformatted(root: string, paths: readonly string[]): readonly string[] {
  const doubtful = changedBy(
    oxfmt,
    ['--config', '.prettierrc.json', '--no-error-on-unmatched-pattern', ...paths],
    root,
  );
  return doubtful.length === 0 ? [] : changedBy(prettier, ['--ignore-unknown', ...doubtful], root);
}

/** Give files the format that the checkout wants. */
export function format(root: string, paths: readonly string[]): void {
  const wrong = unformatted(root, paths);
  if (wrong.length > 0) run(prettier, ['--write', '--log-level', 'warn', ...wrong], root);
}

function changedBy(formatter: string, args: readonly string[], root: string): readonly string[] {
  return run(formatter, ['--list-different', ...args], root)
    .split('\n')
    .filter((path) => path !== '');
}

/** Run a formatter of the checkout. @returns what it says about files that differ, empty without any */
function run(formatter: string, args: readonly string[], root: string): string {
  const ended = spawnSync(process.execPath, [formatter, ...args], { cwd: root, encoding: 'utf8' });
  const { status, stdout, stderr, error } = ended;
  if (error !== undefined) throw error;
  // 1 says that files differ. Anything else is a fault of a file or of the formatter, whatever the other files look like.
  const isDifference = status === 1 && stdout !== '' && stderr === '';
  if (status !== 0 && !isDifference) throw new Error(`${formatter} failed with code ${String(status)}:\n${stderr}`);
  return isDifference ? stdout : '';
}
