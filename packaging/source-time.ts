// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';

/**
 * The time that everything made from a checkout carries: $SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/),
 * or that of the commit. So the same sources make the same bytes at any time.
 */
export function sourceTime(root: string, { SOURCE_DATE_EPOCH: epoch }: NodeJS.ProcessEnv = process.env): Date {
  const seconds = epoch ?? gitOutput(root, ['log', '-1', '--format=%ct']) ?? '';
  if (/^\d+$/.test(seconds)) return new Date(Number(seconds) * 1000);
  throw new Error('set SOURCE_DATE_EPOCH to seconds since 1970: the folder is not a git checkout');
}

/** The commit of a checkout; undefined without git. */
export function sourceRevision(root: string): string | undefined {
  return gitOutput(root, ['rev-parse', 'HEAD']);
}

function gitOutput(root: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync('git', [...args], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}
