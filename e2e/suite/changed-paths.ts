// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';

/** The branches that a change is measured against, the first that there is. */
const bases = ['origin/HEAD', 'origin/main', 'main'];

/** The paths that differ from where this branch left the main branch: committed, not committed yet, and new. */
export function changedPaths(root: string): readonly string[] {
  const fork = mergeBase(root);
  return [
    ...new Set([
      ...paths(git(root, 'diff', '--name-only', '--no-renames', '-z', fork)),
      ...paths(git(root, 'ls-files', '--others', '--exclude-standard', '-z')),
    ]),
  ];
}

function paths(listing: string): readonly string[] {
  return listing.split('\0').filter((path) => path !== '');
}

function git(root: string, ...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

function mergeBase(root: string): string {
  for (const base of bases) {
    try {
      return git(root, 'merge-base', 'HEAD', base).trim();
    } catch {
      // There is no such branch here.
    }
  }
  throw new Error(`--changed needs one of these branches to compare with: ${bases.join(', ')}`);
}
