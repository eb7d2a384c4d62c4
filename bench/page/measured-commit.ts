// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';

/** The page that benches write, from the top of the checkout. Its own changes do not change what is measured. */
export const BENCHMARKS_PAGE = 'docs/benchmarks.md';

/**
 * Name the commit that a bench measures, in ten digits.
 *
 * @throws Error when files differ from the commit, or when `main` does not hold it: a rebase would leave the page with a name that leads nowhere
 */
export function measuredCommit(root: string): string {
  const git = (...words: readonly string[]): string => execFileSync('git', words, { cwd: root, encoding: 'utf8' });
  const changed = git('status', '--porcelain', '--', '.', `:!${BENCHMARKS_PAGE}`).trimEnd();
  if (changed !== '') throw new Error(`commit these changes before you write ${BENCHMARKS_PAGE}:\n${changed}`);
  const commit = git('rev-parse', '--short=10', 'HEAD').trim();
  const branches = git('branch', '--all', '--contains', 'HEAD', '--format=%(refname)').split('\n');
  const isOnMain = branches.some((name) => /^refs\/(heads|remotes\/[^/]+)\/main$/.test(name));
  if (!isOnMain) throw new Error(`land ${commit} on main before you write ${BENCHMARKS_PAGE}`);
  return commit;
}
