// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { lstat, open, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';

/** A file that is to be made. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
  /** Whether others may read it. */
  readonly isSecret: boolean;
}

/** @throws when two of the files are the same one, where the second would take the place of the first */
export function refuseSame(paths: readonly string[]): void {
  const same = paths.find((path, index) => paths.slice(0, index).some((other) => resolve(other) === resolve(path)));
  if (same !== undefined) throw new Error(`${same} is named twice: each of the files takes a name of its own`);
}

/** @throws when one of the files, or a link of that name, is there already, naming it and the flag that replaces it */
export async function refuseExisting(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const isThere = await lstat(path).then(
      () => true,
      () => false,
    );
    if (isThere) throw existing(path);
  }
}

/**
 * Makes all of these files, or none. Secret ones are for their owner alone. With `force` they take the place of others once all of
 * them are written, so that nothing is lost by a disk that is full; without it none that is there is touched.
 */
export async function writeNewFiles(files: readonly NewFile[], { force }: { readonly force: boolean }): Promise<void> {
  const made: string[] = [];
  try {
    for (const file of files) {
      const path = force ? `${file.path}.${randomBytes(6).toString('hex')}.tmp` : file.path;
      await writeNewFile({ ...file, path }, () => made.push(path));
    }
    if (force) await Promise.all(files.map(({ path }, index) => rename(made[index] ?? '', path)));
  } catch (error) {
    await Promise.all(made.map((path) => rm(path, { force: true })));
    throw error;
  }
}

/** @param onMade told when the file is there, before anything is in it */
async function writeNewFile({ path, text, isSecret }: NewFile, onMade: () => void): Promise<void> {
  const file = await open(path, 'wx', isSecret ? 0o600 : 0o644).catch((error: unknown) => {
    throw error instanceof Error && 'code' in error && error.code === 'EEXIST' ? existing(path) : error;
  });
  onMade();
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
}

function existing(path: string): Error {
  return new Error(`${path} exists already: name another file, or replace it with --force`);
}
