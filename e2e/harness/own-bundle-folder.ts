// SPDX-License-Identifier: Apache-2.0
import { globSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Git and the npm package leave these folders out. */
const prefix = 'dist-of-';

/**
 * A folder for a bundle that no other process writes or empties: not a second run, a build or a bench in the same checkout. It lies next to
 * `dist`, where its files find what those of `dist` find. It is removed when this process ends; folders of processes that were killed go now.
 * @returns its path from the top of the checkout
 */
export function ownBundleFolder(checkout: string): string {
  const remove = (name: string): void => {
    rmSync(join(checkout, name), { recursive: true, force: true });
  };
  for (const name of globSync(`${prefix}*`, { cwd: checkout }))
    if (!isRunning(Number(name.slice(prefix.length)))) remove(name);
  const name = `${prefix}${process.pid}`;
  process.once('exit', () => {
    remove(name);
  });
  return name;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // A process of another user runs too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
