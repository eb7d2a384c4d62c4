// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { lstat, open, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';

/** A file to create. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
  /** True for a file that only its owner may read. */
  readonly isSecret: boolean;
}

/** Refuses two paths of one file, where the second would overwrite the first. @throws Error */
export function refuseSame(paths: readonly string[]): void {
  const same = paths.find((path, index) => paths.slice(0, index).some((other) => resolve(other) === resolve(path)));
  if (same !== undefined) throw new Error(`${same} is named twice: give each file a name of its own`);
}

/** Refuses files and links that exist already. @throws Error that names the file and --force */
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
 * Creates all of these files, or none. With `force`, they replace existing files once all are written, so that a full disk loses nothing;
 * without it, existing files are never touched.
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

/** @param onMade called when the file exists, before it is filled */
async function writeNewFile({ path, text, isSecret }: NewFile, onMade: () => void): Promise<void> {
  const file = await open(path, 'wx', isSecret ? 0o600 : 0o644).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') throw existing(path);
    const why = code === 'ENOENT' || code === 'ENOTDIR' ? 'its folder does not exist' : 'the folder refuses it';
    throw new Error(`${path} cannot be written: ${why}`, { cause: error });
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
