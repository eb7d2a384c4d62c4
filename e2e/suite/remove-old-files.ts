// SPDX-License-Identifier: Apache-2.0
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Removes the files below a folder that were written so many days ago or earlier. It may be missing, and others may remove files meanwhile. */
export function removeOldFiles(folder: string, { days, now }: { readonly days: number; readonly now: Date }): void {
  const entries = statSync(folder, { throwIfNoEntry: false }) === undefined ? [] : filesBelow(folder);
  for (const path of entries) {
    const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (written !== undefined && now.getTime() - written >= days * DAY_MS) rmSync(path, { force: true });
  }
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
